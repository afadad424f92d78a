import { createSocket, type Socket } from 'node:dgram';
import { setTimeout as delay } from 'node:timers/promises';
import type { PeerMessage } from '../../../src/core/message.ts';
import type { Incarnation, Term } from '../../../src/core/types.ts';
import type { KeyRing } from '../../../src/wire/authenticator.ts';
import type { ReceivedMessage } from '../../../src/wire/transport.ts';
import { UdpTransport } from '../../../src/wire/udp-transport.ts';
import { heartbeatOf, usualReport } from './arbitraries.ts';

export const KEEPALIVE_MS = 20;
export const DEADTIME_MS = 200;
export const OLD_KEY = Buffer.alloc(32, 1);
export const NEW_KEY = Buffer.alloc(32, 2);
/** Addresses of this process's own, so that runs side by side do not meet. */
const LOOPBACK = `127.${100 + (process.pid % 100)}.${(process.pid >> 8) % 250}`;

export interface Node {
  readonly transport: UdpTransport;
  readonly received: ReceivedMessage[];
  readonly takenBy: string[];
  readonly warnings: string[];
  /** Heartbeats of rising beat, as the core would send them. */
  beat(to: string, message?: Partial<PeerMessage>): void;
}

export interface NodeOptions {
  readonly host?: string;
  readonly instanceId?: string;
  readonly keys?: KeyRing;
  readonly groups?: readonly string[];
  readonly paths?: number;
  /** Sends straight to its peers, past the relays. */
  readonly direct?: boolean;
}

/** Transports on loopback, and what a test needs to watch and to attack them. Everything ends with `close`. */
export class UdpWorld {
  readonly #closers: (() => Promise<void>)[] = [];
  readonly #ports = new Map<string, number>();
  /** By receiver and path: the recording relay that its peers have as its address. */
  readonly #taps = new Map<string, Tap>();
  #lives = 0;

  async start(name: string, options: NodeOptions = {}): Promise<Node> {
    const { host = name, instanceId = `i-${host}`, paths = 1, direct = false } = options;
    const numbers = Array.from({ length: paths }, (_, path) => path);
    const locals = await Promise.all(numbers.map((path) => this.#addressOf(host, path)));
    const peers: Record<string, { address: string; port: number }[]> = {};
    for (const peer of ['main', 'aux']) {
      const remote = (path: number) =>
        direct ? this.#addressOf(peer, path) : this.tap(peer, path).then((tap) => tap.local);
      peers[peer] = await Promise.all(numbers.map(remote));
    }
    this.#lives += 1;
    const incarnation = this.#lives.toString(16).padStart(16, '0') as Incarnation;
    const node: Node = {
      transport: new UdpTransport({
        self: { name, incarnation, instanceId },
        paths: locals,
        peers,
        groups: options.groups ?? ['web'],
        keys: options.keys ?? { current: OLD_KEY, previous: null },
        timings: { keepaliveMs: KEEPALIVE_MS, deadtimeMs: DEADTIME_MS },
        log: { warn: (_fields, sentence) => node.warnings.push(sentence) },
      }),
      received: [],
      takenBy: [],
      warnings: [],
      beat: (to, message = {}) => {
        beats += 1;
        const reports = [usualReport('web', { term: 7 as Term })];
        node.transport.send(to, null, heartbeatOf(reports, { beat: beats, ...message }));
      },
    };
    let beats = 0;
    await node.transport.start({
      onMessage: (message) => node.received.push(message),
      onNameTaken: (by) => node.takenBy.push(by),
    });
    this.#closers.push(() => node.transport.close());
    return node;
  }

  /** The way to a node, recorded. */
  async tap(receiver: string, path = 0): Promise<Tap> {
    const key = `${receiver}/${path}`;
    const known = this.#taps.get(key);
    if (known !== undefined) return known;
    const tap = await Tap.open(await this.#addressOf(receiver, path), `${LOOPBACK}.1`);
    this.#taps.set(key, tap);
    this.#closers.push(() => tap.close());
    return tap;
  }

  async close(): Promise<void> {
    await Promise.all(this.#closers.splice(0).map((close) => close()));
  }

  async #addressOf(host: string, path: number): Promise<{ address: string; port: number }> {
    const key = `${host}/${path}`;
    const address = `${LOOPBACK}.${2 + path}`;
    const port = this.#ports.get(key) ?? (await freePort(address));
    this.#ports.set(key, port);
    return { address, port };
  }
}

/** Forwards what it gets to one node, keeps a copy, and can send more. */
export class Tap {
  readonly recorded: Buffer[] = [];
  readonly #socket: Socket;
  readonly #target: { address: string; port: number };

  private constructor(socket: Socket, target: { address: string; port: number }) {
    this.#socket = socket;
    this.#target = target;
  }

  static async open(target: { address: string; port: number }, address: string): Promise<Tap> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, address, resolve));
    const tap = new Tap(socket, target);
    socket.on('message', (bytes) => {
      tap.recorded.push(bytes);
      void tap.inject(bytes);
    });
    return tap;
  }

  get local(): { address: string; port: number } {
    return this.#socket.address();
  }

  inject(bytes: Uint8Array): Promise<void> {
    const { address, port } = this.#target;
    return new Promise((resolve) => this.#socket.send(bytes, port, address, () => resolve()));
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#socket.close(() => resolve()));
  }
}

/** Polls; the kernel decides when a datagram arrives, not this process. */
export async function until(
  what: () => boolean,
  act: () => void = () => undefined,
  everyMs = KEEPALIVE_MS / 2,
): Promise<void> {
  const endMs = performance.now() + 3_000;
  while (!what()) {
    if (performance.now() > endMs) throw new Error(`never came true: ${what}`);
    act();
    await delay(everyMs);
  }
}

async function freePort(address: string): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, address, resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}
