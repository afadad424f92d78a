import { connect, createServer, type Server } from 'node:net';

const ASK_TIMEOUT_MS = 300;

/**
 * One daemon for a node on one machine. The lock is a unix socket in the abstract namespace: no file that a
 * crash could leave behind or a full disk refuse; the kernel frees it with the process, whatever ends that.
 */
export class InstanceLock {
  readonly #name: string;
  #server: Server | null = null;

  constructor(cluster: string, node: string) {
    this.#name = `\0eipkeeper/${cluster}/${node}`;
  }

  /** '' when the lock is held now, else who holds it, in words. */
  async acquire(): Promise<string> {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.end(String(process.pid));
    });
    server.unref();
    const taken = await new Promise<boolean>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) =>
        error.code === 'EADDRINUSE' ? resolve(true) : reject(error),
      );
      server.listen(this.#name, () => resolve(false));
    });
    if (!taken) {
      this.#server = server;
      return '';
    }
    const pid = await this.#askHolder();
    return pid === '' ? 'another process' : `the process ${pid}`;
  }

  release(): void {
    this.#server?.close();
    this.#server = null;
  }

  #askHolder(): Promise<string> {
    return new Promise((resolve) => {
      let said = '';
      const socket = connect(this.#name);
      const done = () => {
        clearTimeout(timer);
        socket.destroy();
        resolve(/^\d+$/.test(said) ? said : '');
      };
      const timer = setTimeout(done, ASK_TIMEOUT_MS);
      socket.on('data', (data) => {
        said = `${said}${data.toString('utf8')}`.slice(0, 20);
      });
      socket.once('end', done);
      socket.once('error', done);
    });
  }
}
