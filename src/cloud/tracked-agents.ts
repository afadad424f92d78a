import { AsyncLocalStorage } from 'node:async_hooks';
import { Agent as HttpAgent, type AgentOptions as HttpAgentOptions } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { connect as connectTcp, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import type { Sent } from './cloud-error.ts';

/** How far one call got, as its connection saw it. */
export interface CallTrace {
  /**
   * before: the request has not reached the agents. connecting: no byte of it can have been written, because
   * the connection or its TLS handshake is not complete. sent: it may have been written.
   */
  stage: 'before' | 'connecting' | 'sent';
  /** The request went out on a connection that had been idle, which the other side may have closed meanwhile. */
  reused: boolean;
  /** The connection of the call, once it has one. */
  connection: Connection | null;
}

/** A connection: the TCP socket, also where TLS lies over it, because only that can be reset. */
export interface Connection {
  readonly tcp: Socket;
  /** Set when it must not serve another request. */
  retired: boolean;
}

/** Keeps address translators on the way from forgetting an idle connection (EC2's forget after 350 s). */
const TCP_KEEPALIVE_MS = 10_000;
const IDLE_CONNECTIONS_MAX = 4;

type ConnectOptions = ConnectionOptions & { readonly host: string; readonly port: number };
type Oncreate = (error: Error | null, stream: Duplex) => void;

/**
 * The keep-alive agents of one service. They know for each call whether its request can have left, and they
 * *reset* connections: a closed socket still sends what it has buffered, so a call that was abandoned could
 * take effect later; a reset one does not.
 */
export class TrackedAgents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
  readonly #connectTimeoutMs: number;
  readonly #current = new AsyncLocalStorage<CallTrace>();
  readonly #connections = new Map<Duplex, Connection>();
  readonly #pending = new Set<Socket>();

  constructor(options: { readonly connectTimeoutMs: number }) {
    this.#connectTimeoutMs = options.connectTimeoutMs;
    // fifo: every idle connection is used in turn, so that none of them grows old unnoticed. No maxSockets: a
    // request that queues for a connection would get it without passing the hooks, and callers are bounded.
    const agentOptions: HttpAgentOptions = {
      keepAlive: true,
      keepAliveMsecs: TCP_KEEPALIVE_MS,
      scheduling: 'fifo',
      maxFreeSockets: IDLE_CONNECTIONS_MAX,
    };
    this.http = this.#hook(new HttpAgent(agentOptions), false);
    this.https = this.#hook(new HttpsAgent(agentOptions), true);
  }

  /** Runs `action` such that the request it makes reports into `trace`. */
  track<T>(trace: CallTrace, action: () => T): T {
    return this.#current.run(trace, action);
  }

  /** Ends the connection of an abandoned call so that nothing it has buffered is sent any more. */
  abandon(trace: CallTrace): void {
    if (trace.connection !== null) reset(trace.connection.tcp);
  }

  /** Resets every idle connection; one that is in use finishes its call and is not used again. */
  dropIdle(): void {
    for (const socket of this.#pending) socket.destroy();
    const idle = new Set<Duplex>();
    for (const agent of [this.http, this.https]) {
      for (const sockets of Object.values(agent.freeSockets))
        for (const socket of sockets ?? []) idle.add(socket);
    }
    for (const [stream, connection] of this.#connections) {
      connection.retired = true;
      if (idle.has(stream)) reset(connection.tcp);
    }
  }

  /** How many connections are open and usable. */
  get openCount(): number {
    return [...this.#connections.values()].filter(({ retired }) => !retired).length;
  }

  /** Resets everything. */
  close(): void {
    this.dropIdle();
    for (const { tcp } of this.#connections.values()) reset(tcp);
    this.http.destroy();
    this.https.destroy();
  }

  #hook<A extends HttpAgent>(agent: A, secure: boolean): A {
    agent.createConnection = (options, oncreate) => {
      if (oncreate !== undefined) this.#open(options as ConnectOptions, secure, oncreate);
      return undefined;
    };
    const keep = agent.keepSocketAlive.bind(agent) as (stream: Duplex) => unknown;
    agent.keepSocketAlive = (stream) => this.#connections.get(stream)?.retired === false && keep(stream);
    const reuse = agent.reuseSocket.bind(agent);
    agent.reuseSocket = (stream, request) => {
      reuse(stream, request);
      this.#reuse(stream);
    };
    return agent;
  }

  #open(options: ConnectOptions, secure: boolean, oncreate: Oncreate): void {
    const trace = this.#current.getStore();
    if (trace !== undefined) trace.stage = 'connecting';
    const { host, port } = options;
    const keepAlive = { keepAlive: true, keepAliveInitialDelay: TCP_KEEPALIVE_MS };
    const tcp = connectTcp({ host, port, noDelay: true, ...keepAlive });
    this.#pending.add(tcp);
    let stream: Duplex = tcp;
    const settle = (error: Error | null) => {
      clearTimeout(timer);
      if (!this.#pending.delete(tcp)) return;
      if (error !== null) {
        tcp.destroy();
        oncreate(error, stream);
        return;
      }
      const connection: Connection = { tcp, retired: false };
      this.#connections.set(stream, connection);
      stream.once('close', () => this.#connections.delete(stream));
      if (trace !== undefined) {
        trace.connection = connection;
        // From here the request is written as soon as it has the stream.
        trace.stage = 'sent';
      }
      oncreate(null, stream);
    };
    const timer = setTimeout(() => {
      const message = `no connection to ${host}:${port} within ${this.#connectTimeoutMs} ms`;
      settle(Object.assign(new Error(message), { code: 'ETIMEDOUT', syscall: 'connect' }));
    }, this.#connectTimeoutMs);
    tcp.once('error', settle);
    tcp.once('close', () => settle(Object.assign(new Error('connection dropped'), { syscall: 'connect' })));
    tcp.once('connect', () => {
      if (!secure) {
        settle(null);
        return;
      }
      const tls = connectTls({ ...options, socket: tcp });
      stream = tls;
      tls.once('error', settle);
      tls.once('secureConnect', () => settle(null));
    });
  }

  #reuse(stream: Duplex): void {
    const trace = this.#current.getStore();
    if (trace === undefined) return;
    trace.connection = this.#connections.get(stream) ?? null;
    trace.stage = 'sent';
    trace.reused = true;
  }
}

export function newTrace(): CallTrace {
  return { stage: 'before', reused: false, connection: null };
}

export function sentBy(trace: CallTrace): Sent {
  return trace.stage === 'sent' ? 'maybe-sent' : 'nothing-sent';
}

/** The reset has to go to the TCP socket: a TLS socket has no such thing and would flush what it holds. */
function reset(tcp: Socket): void {
  if (!tcp.destroyed) tcp.resetAndDestroy();
}
