import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { streamStatus } from '../control/status-stream.ts';
import { hostProblem } from './host-check.ts';
import { onceInAWhile } from './once-in-a-while.ts';
import { COMMON_HEADERS, json, type Reply, refusal, send } from './reply.ts';
import { type Asked, asked, type HttpSources, replyTo } from './routes.ts';

export interface HttpPlace {
  /** An IP address of this machine. */
  readonly address: string;
  readonly port: number;
  /** Besides addresses and localhost, what a Host header may say. */
  readonly hosts: readonly string[];
}

export interface HttpServerOptions {
  readonly sources: HttpSources;
  readonly log: { warn(text: string): void; info(text: string): void };
  readonly limits?: Partial<HttpLimits>;
}

export interface HttpLimits {
  readonly connections: number;
  /** Fewer than the connections, so that pages that are open cannot keep out a load balancer. */
  readonly streams: number;
  /** For the head of a request, and for a client that takes nothing of what it is sent. */
  readonly patienceMs: number;
  /** Between two attempts to get a port that another program has. */
  readonly retryMs: number;
  /** How old a status or the metrics may be. */
  readonly freshMs: number;
}

const LIMITS: HttpLimits = {
  connections: 64,
  streams: 16,
  patienceMs: 5_000,
  retryMs: 10_000,
  freshMs: 100,
};
const HEAD_BYTES_MOST = 8_192;
const HEADERS_MOST = 64;
/** The kernel's queue of connections that nobody took yet. */
const BACKLOG = 64;
const COMPLAIN_EVERY_MS = 60_000;

/**
 * What an operator, a load balancer and Prometheus look at. It only reads, and it must never be in the way: so
 * many connections and no more, each for so long, nothing that grows with what is asked. A port that another
 * program has is said and tried again; the daemon goes on without it.
 */
export class HttpServer {
  readonly #options: HttpServerOptions;
  readonly #limits: HttpLimits;
  readonly #sources: HttpSources;
  readonly #sockets = new Set<Socket>();
  #server: Server | null = null;
  #key = 'null';
  #names: ReadonlySet<string> = new Set();
  #retry: NodeJS.Timeout | undefined;
  #streams = 0;
  #turnedAway = 0;
  #requests = 0;
  #complainedMs = Number.NEGATIVE_INFINITY;

  constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
    const { sources } = options;
    const { freshMs } = this.#limits;
    this.#sources = {
      subscribe: (listener) => sources.subscribe(listener),
      status: onceInAWhile(() => sources.status(), freshMs),
      metrics: onceInAWhile(() => sources.metrics(), freshMs),
      history: onceInAWhile(() => sources.history(), freshMs),
    };
  }

  /** For the metrics. */
  counts(): { readonly connections: number; readonly requests: number; readonly turnedAway: number } {
    return { connections: this.#sockets.size, requests: this.#requests, turnedAway: this.#turnedAway };
  }

  /** Starts, or after a reload goes on elsewhere or not at all. Never throws: what fails is logged. */
  use(place: HttpPlace | null): void {
    const key = JSON.stringify(place);
    if (key === this.#key) return;
    this.#key = key;
    void this.#stop();
    if (place === null) return;
    this.#names = new Set(['localhost', ...place.hosts.map((host) => host.toLowerCase())]);
    this.#listen(place, true);
  }

  /** Ends every connection. Safe to call twice. */
  async close(): Promise<void> {
    this.#key = 'null';
    await this.#stop();
  }

  async #stop(): Promise<void> {
    clearTimeout(this.#retry);
    const server = this.#server;
    this.#server = null;
    for (const socket of this.#sockets) socket.destroy();
    if (server?.listening) await new Promise((resolve) => server.close(resolve));
  }

  #listen(place: HttpPlace, isFirst: boolean): void {
    const { log } = this.#options;
    const { address, port } = place;
    const where = `${address.includes(':') ? `[${address}]` : address}:${port}`;
    const server = this.#createServer();
    this.#server = server;
    server.on('error', (error: NodeJS.ErrnoException) => {
      if (this.#server !== server) return;
      if (server.listening) return log.warn(`the status page on ${where}: ${error.message}`);
      if (isFirst) log.warn(`${whyNot(error, where)}; the daemon goes on without it and tries again`);
      this.#retry = setTimeout(() => this.#listen(place, false), this.#limits.retryMs);
      this.#retry.unref();
    });
    server.listen({ host: address, port, backlog: BACKLOG }, () => {
      log.info(`the status page is at http://${where}/`);
    });
  }

  #createServer(): Server {
    const { connections, patienceMs } = this.#limits;
    const server = createServer(
      {
        maxHeaderSize: HEAD_BYTES_MOST,
        headersTimeout: patienceMs,
        requestTimeout: patienceMs,
        keepAliveTimeout: patienceMs,
        connectionsCheckingInterval: Math.min(1_000, patienceMs),
        noDelay: true,
      },
      (request, response) => this.#serve(request, response),
    );
    server.maxHeadersCount = HEADERS_MOST;
    server.maxConnections = connections;
    server.timeout = 2 * patienceMs;
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    server.on('drop', () => {
      this.#turnedAway += 1;
    });
    return server;
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    this.#requests += 1;
    response.on('error', () => response.destroy());
    this.#answer(request, response).catch((error: unknown) => {
      this.#complain(`a request for ${request.url?.slice(0, 80)} failed: ${(error as Error).message}`);
      if (response.headersSent) response.destroy();
      else send(response, refusal(500, 'the daemon could not answer this; its log says why'));
    });
  }

  /** Once in a while: who asks again and again must not fill the log. */
  #complain(text: string): void {
    const nowMs = performance.now();
    if (nowMs - this.#complainedMs < COMPLAIN_EVERY_MS) return;
    this.#complainedMs = nowMs;
    this.#options.log.warn(text);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const wanted = asked(request.url ?? '');
    const refused = this.#refuse(request, wanted);
    if (refused !== null) return send(response, refused);
    if (wanted?.path === '/events' && request.method === 'GET') return this.#stream(response);
    if (wanted?.path === '/events') return send(response, json(200, {}));
    if (wanted !== null) send(response, await replyTo(wanted, this.#sources));
  }

  #refuse(request: IncomingMessage, wanted: Asked | null): Reply | null {
    // What follows the head is not read, so the connection must not be used again.
    const closing = { Connection: 'close' };
    const { headers, method } = request;
    if (method !== 'GET' && method !== 'HEAD')
      return refusal(405, 'nothing can be changed here: use GET', { Allow: 'GET, HEAD', ...closing });
    if (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0)
      return refusal(413, 'a request here has no body', closing);
    const problem = hostProblem(headers.host, this.#names);
    if (problem !== '') return refusal(421, problem);
    return wanted === null ? refusal(400, 'ask for a path, like /status') : null;
  }

  async #stream(response: ServerResponse): Promise<void> {
    if (this.#streams >= this.#limits.streams)
      return send(response, refusal(503, 'too many pages are open already', { 'Retry-After': '5' }));
    this.#streams += 1;
    try {
      response.writeHead(200, { ...COMMON_HEADERS, 'Content-Type': 'text/event-stream; charset=utf-8' });
      response.write('retry: 2000\n\n');
      await streamStatus(response, {
        subscribe: this.#sources.subscribe,
        text: () => `data: ${JSON.stringify(this.#sources.status())}\n\n`,
        patienceMs: this.#limits.patienceMs,
      });
    } finally {
      this.#streams -= 1;
    }
  }
}

function whyNot(error: NodeJS.ErrnoException, where: string): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return `the status page cannot be served: another program has ${where}`;
    case 'EADDRNOTAVAIL':
      return `the status page cannot be served: ${where} is no address of this machine`;
    case 'EACCES':
      return `the status page cannot be served: listening on ${where} is not allowed`;
    default:
      return `the status page cannot be served on ${where}: ${error.message}`;
  }
}
