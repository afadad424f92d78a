/**
 * One connection through the forwarder. Invariant: bytes pass only while the node at its other end is
 * reachable and has the address, or lost it less than `establishedMs` ago; otherwise both sides stand still
 * and neither learns anything, as when packets are lost on the way.
 */
import type { Socket } from 'node:net';
import type { Holder } from './emulator/cloud-state.ts';

const HELD_BYTES_MAX = 65_536;
const SYN_RETRIES_MAX = 6;

export interface FlowOptions {
  readonly client: Socket;
  readonly establishedMs: number;
  readonly synRetryMs: number;
  /** Who has the address now. */
  readonly holder: () => Holder | null;
  readonly isReachable: (networkInterfaceId: string) => boolean;
  readonly connectTo: (privateIp: string) => Socket;
  readonly onEnd: () => void;
}

type Phase =
  /** No SYN has found a living holder yet. */
  | { readonly kind: 'waiting'; readonly retries: number }
  | { readonly kind: 'established'; readonly node: Holder; readonly upstream: Socket }
  | { readonly kind: 'ended' };

export class ForwardedFlow {
  readonly #options: FlowOptions;
  #phase: Phase = { kind: 'waiting', retries: 0 };
  #passing = false;
  /** The node's side is gone, which the client learns only when packets pass again. */
  #upstreamGone = false;
  #graceOver = false;
  #grace: NodeJS.Timeout | null = null;
  #retry: NodeJS.Timeout | null = null;
  readonly #held: Buffer[] = [];

  constructor(options: FlowOptions) {
    this.#options = options;
  }

  /** The client's first SYN. */
  open(): void {
    const { client } = this.#options;
    client.on('error', () => {});
    client.on('close', () => this.reset());
    client.on('end', this.#onClientEnd);
    client.on('data', this.#hold);
    this.#sendSyn(0);
  }

  /** Something changed in the world: whether packets pass is judged anew. */
  refresh(): void {
    if (this.#phase.kind !== 'established') return;
    const { node, upstream } = this.#phase;
    const holder = this.#options.holder();
    const isHolder =
      holder?.networkInterfaceId === node.networkInterfaceId && holder.privateIp === node.privateIp;
    this.#watchGrace(isHolder);
    if (this.#options.isReachable(node.networkInterfaceId) && (isHolder || !this.#graceOver)) {
      this.#pass(upstream);
      return;
    }
    this.#standStill(upstream);
    const reachesStranger = this.#graceOver && holder?.reachable;
    // A machine that knows nothing of this connection answers its next packet with a reset.
    if (reachesStranger && this.#held.length > 0) this.reset();
  }

  /** Ends both sides at once. */
  reset(): void {
    if (this.#phase.kind === 'ended') return;
    const upstream = this.#phase.kind === 'established' ? this.#phase.upstream : null;
    this.#phase = { kind: 'ended' };
    clearTimeout(this.#grace ?? undefined);
    clearTimeout(this.#retry ?? undefined);
    upstream?.destroy();
    if (!this.#options.client.destroyed) this.#options.client.resetAndDestroy();
    this.#options.onEnd();
  }

  #sendSyn(retries: number): void {
    this.#phase = { kind: 'waiting', retries };
    const holder = this.#options.holder();
    if (holder?.reachable) {
      this.#connect(holder);
    } else if (retries === SYN_RETRIES_MAX) {
      this.reset();
    } else {
      this.#retry = setTimeout(() => this.#sendSyn(retries + 1), this.#options.synRetryMs * 2 ** retries);
    }
  }

  #connect(node: Holder): void {
    const upstream = this.#options.connectTo(node.privateIp);
    this.#phase = { kind: 'established', node, upstream };
    upstream.on('error', () => this.#onUpstreamGone());
    upstream.on('close', () => this.#onUpstreamGone());
    upstream.once('connect', () => this.refresh());
  }

  #pass(upstream: Socket): void {
    if (this.#upstreamGone) {
      this.reset();
      return;
    }
    if (this.#passing || upstream.connecting) return;
    const { client } = this.#options;
    this.#passing = true;
    client.off('data', this.#hold);
    client.off('end', this.#onClientEnd);
    client.pause();
    if (this.#held.length > 0) client.unshift(Buffer.concat(this.#held.splice(0)));
    client.pipe(upstream);
    upstream.pipe(client);
  }

  #standStill(upstream: Socket): void {
    if (!this.#passing) return;
    const { client } = this.#options;
    this.#passing = false;
    client.unpipe(upstream);
    upstream.unpipe(client);
    upstream.pause();
    client.on('data', this.#hold);
    client.on('end', this.#onClientEnd);
    client.resume();
  }

  readonly #hold = (chunk: Buffer): void => {
    this.#held.push(chunk);
    const bytes = this.#held.reduce((sum, { length }) => sum + length, 0);
    if (bytes >= HELD_BYTES_MAX) this.#options.client.pause();
    this.refresh();
  };

  /** While nothing passes, a client that ends has given up; while bytes pass, the pipe carries its end on. */
  readonly #onClientEnd = (): void => this.reset();

  #onUpstreamGone(): void {
    if (this.#phase.kind !== 'established' || this.#upstreamGone) return;
    this.#upstreamGone = true;
    const { client } = this.#options;
    const { upstream } = this.#phase;
    // An orderly end has gone through the pipe: the client still reads what is on its way to it.
    const orderly = this.#passing && upstream.readableEnded && !upstream.errored;
    if (orderly && client.writableEnded) return;
    this.refresh();
    if (this.#passing) this.reset();
  }

  #watchGrace(isHolder: boolean): void {
    if (isHolder) {
      clearTimeout(this.#grace ?? undefined);
      this.#grace = null;
      this.#graceOver = false;
      return;
    }
    this.#grace ??= setTimeout(() => {
      this.#graceOver = true;
      this.refresh();
    }, this.#options.establishedMs);
  }
}
