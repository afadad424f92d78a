import { createConnection, createServer, type Socket } from 'node:net';

/**
 * Runs inside the router's namespace: takes TCP connections there and hands them on to Unix sockets, which know no
 * namespaces, so that the servers live in the test's own process. Each connection starts with a line that names the
 * caller's address. Ends when its standard input does, so it cannot outlive the test.
 */
interface Listener {
  readonly host: string;
  readonly port: number;
  readonly socketPath: string;
}

const listeners = JSON.parse(process.argv[2] ?? '[]') as readonly Listener[];

function handOn(caller: Socket, socketPath: string): void {
  const server = createConnection(socketPath);
  caller.setNoDelay(true);
  server.write(`${caller.remoteAddress}\n`);
  caller.pipe(server);
  server.pipe(caller);
  // A Unix socket has no reset: a server that vanishes without having ended its answer is passed on as one.
  server.once('error', () => caller.resetAndDestroy());
  server.once('close', () => {
    if (!server.readableEnded) caller.resetAndDestroy();
  });
  caller.once('error', () => server.destroy());
  caller.once('close', () => server.destroy());
}

await Promise.all(
  listeners.map(
    ({ host, port, socketPath }) =>
      new Promise<void>((resolve, reject) => {
        createServer((caller) => handOn(caller, socketPath))
          .once('error', reject)
          .listen(port, host, resolve);
      }),
  ),
);
process.stdout.write('ready\n');
process.stdin.on('end', () => process.exit(0)).resume();
