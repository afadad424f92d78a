import { once } from 'node:events';
import { request } from 'node:http';
import { connect, createServer, type Socket } from 'node:net';
import { type HttpLimits, type HttpPlace, HttpServer } from '../../../src/http/http-server.ts';
import type { HttpSources } from '../../../src/http/routes.ts';
import { statusSnapshot } from '../control/snapshot-fixture.ts';

/** Of these tests alone. */
export const ADDRESS = '127.61.0.1';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** A server over sources that the test changes. */
export class TestServer {
  readonly said: string[] = [];
  readonly listeners = new Set<() => void>();
  readonly sources: { -readonly [Key in keyof HttpSources]: HttpSources[Key] } = {
    status: () => statusSnapshot(),
    subscribe: (listener) => {
      this.listeners.add(listener);
      return () => this.listeners.delete(listener);
    },
    history: async () => [],
    metrics: () => 'eipkeeper_info 1\n',
  };
  readonly server: HttpServer;
  port = 0;

  constructor(limits: Partial<HttpLimits> = {}) {
    const log = (text: string) => void this.said.push(text);
    const { sources } = this;
    this.server = new HttpServer({
      sources: {
        status: () => sources.status(),
        subscribe: (listener) => sources.subscribe(listener),
        history: () => sources.history(),
        metrics: () => sources.metrics(),
      },
      log: { warn: log, info: log },
      limits: { freshMs: 0, ...limits },
    });
  }

  async start(place: Partial<HttpPlace> = {}): Promise<void> {
    this.port = await freePort();
    this.server.use({ address: ADDRESS, port: this.port, hosts: [], ...place });
    await this.says(/is at http/);
  }

  async says(pattern: RegExp): Promise<void> {
    while (!this.said.some((text) => pattern.test(text))) await new Promise((done) => setTimeout(done, 5));
  }

  ask(path: string, options: { method?: string; headers?: Record<string, string> } = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const asking = request(
        { host: ADDRESS, port: this.port, path, agent: false, ...options },
        (response) => {
          let body = '';
          response.setEncoding('utf8').on('data', (text: string) => {
            body += text;
          });
          response.once('end', () =>
            resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
          );
          response.once('error', reject);
        },
      );
      asking.once('error', reject).end();
    });
  }

  /** A bare connection; `text` is written to it. */
  async connection(text = ''): Promise<Socket> {
    const socket = connect(this.port, ADDRESS);
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.write(text);
    return socket;
  }

  /** What is answered to bytes that no client library would send, until the connection ends. */
  async raw(text: string): Promise<string> {
    const socket = await this.connection(text);
    let answer = '';
    socket.setEncoding('utf8').on('data', (part: string) => {
      answer += part;
    });
    await ended(socket);
    return answer;
  }

  changed(): void {
    for (const listener of this.listeners) listener();
  }
}

/** `once` would reject for a connection that was reset. */
export async function ended(socket: Socket): Promise<void> {
  socket.resume();
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, ADDRESS);
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
