import type { Incarnation } from '../../../src/core/types.ts';
import { Session } from '../../../src/wire/session.ts';
import type { SessionOutput } from '../../../src/wire/session-contract.ts';
import type { SessionPacket } from '../../../src/wire/session-packet.ts';

export const KEEPALIVE_MS = 100;
export const DEADTIME_MS = 1_000;
export const RTT_MS = 10;

export interface Delivery {
  readonly to: string;
  readonly from: string;
  readonly incarnation: Incarnation;
  readonly path: number;
  readonly payload: string;
  readonly missed: number;
  readonly atMs: number;
}

interface Flight {
  readonly packet: SessionPacket<string>;
  readonly host: string;
  readonly from: string;
  readonly dueMs: number;
}

/** Hosts that run one session machine each, a network that may lose what it likes, and a clock of its own. */
export class SessionWorld {
  nowMs = 0;
  readonly delivered: Delivery[] = [];
  readonly outputs: (SessionOutput<string> & { at: string })[] = [];
  /** Everything ever sent, for those who record and replay. */
  readonly history: Flight[] = [];
  inFlight: Flight[] = [];
  loses: (flight: Flight) => boolean = () => false;
  readonly #hosts = new Map<string, Session<string>>();
  readonly #addresses = new Map<string, string>();
  #lives = 0;
  #nonces = 0;

  /** A fresh life of a node. `host` is where it runs; the first host of a name is its configured address. */
  start(name: string, options: { host?: string; instanceId?: string; pathCount?: number } = {}): Incarnation {
    const { host = name, instanceId = `i-${host}`, pathCount = 1 } = options;
    this.#lives += 1;
    const incarnation = this.#lives.toString(16).padStart(16, '0') as Incarnation;
    const session = new Session<string>({
      self: name,
      incarnation,
      instanceId,
      peers: ['main', 'aux', 'third'],
      pathCount,
      timings: { keepaliveMs: KEEPALIVE_MS, deadtimeMs: DEADTIME_MS },
      randomNonce: () => {
        this.#nonces += 1;
        return `cafe${this.#nonces.toString(16).padStart(12, '0')}`;
      },
    });
    this.#hosts.set(host, session);
    if (!this.#addresses.has(name)) this.#addresses.set(name, host);
    this.#perform(host, session.greet(this.nowMs), null);
    return incarnation;
  }

  kill(host: string): void {
    this.#hosts.delete(host);
  }

  session(host: string): Session<string> {
    return this.#hosts.get(host)!;
  }

  send(host: string, to: string, payload: string, path: number | null = null): void {
    this.#perform(host, this.session(host).send(this.nowMs, to, path, [payload]), null);
  }

  /** Lets time pass; what is in flight arrives on its way, in order. */
  advance(byMs: number): void {
    const untilMs = this.nowMs + byMs;
    for (;;) {
      const next = this.inFlight.filter(({ dueMs }) => dueMs <= untilMs).sort((a, b) => a.dueMs - b.dueMs)[0];
      if (next === undefined) break;
      this.nowMs = Math.max(this.nowMs, next.dueMs);
      this.arrive(next);
    }
    this.nowMs = untilMs;
  }

  /** Each host says something to each other at every keepalive, as the core does. */
  heartbeats(count: number, pairs: readonly (readonly [string, string])[]): void {
    for (let i = 0; i < count; i += 1) {
      for (const [host, to] of pairs) this.send(host, to, `${host} ${this.nowMs}`);
      this.advance(KEEPALIVE_MS);
    }
  }

  /** Hands a packet to where it was going, now; also one that arrived or was lost before. */
  arrive(flight: Flight): void {
    this.inFlight = this.inFlight.filter((each) => each !== flight);
    const session = this.#hosts.get(flight.host);
    if (session !== undefined) {
      this.#perform(flight.host, session.receive(this.nowMs, flight.packet), flight.from);
    }
  }

  count(reason: string): number {
    return this.outputs.filter((each) => each.type === 'dropped' && each.reason === reason).length;
  }

  #perform(host: string, outputs: readonly SessionOutput<string>[], source: string | null): void {
    for (const output of outputs) {
      this.outputs.push({ ...output, at: host });
      if (output.type === 'deliver') this.delivered.push({ ...output, to: host, atMs: this.nowMs });
      if (output.type !== 'transmit') continue;
      const { packet, via } = output;
      const target = via === 'source' ? source : (this.#addresses.get(packet.receiver) ?? packet.receiver);
      const flight = { packet, host: target ?? '', from: host, dueMs: this.nowMs + RTT_MS / 2 };
      this.history.push(flight);
      if (!this.loses(flight)) this.inFlight.push(flight);
    }
  }
}
