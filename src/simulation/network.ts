import type { PeerMessage } from '../core/message.ts';
import type { SessionPacket } from '../wire/session-packet.ts';
import type { Prng } from './prng.ts';

/** A datagram under way on the link from one node to another; the same object when it is sent again. */
export interface Packet {
  readonly type: 'packet';
  readonly from: number;
  readonly to: number;
  readonly path: number;
  readonly packet: SessionPacket<PeerMessage>;
  /** The number of the key that signed it. */
  readonly key: number;
  /** Takes what is answered to where it came from; undefined when that is the configured address of its sender. */
  readonly answer: ((packet: SessionPacket<PeerMessage>) => void) | undefined;
}

/**
 * The links between the nodes, one in each direction on each path. Cuts are counted, because several faults
 * may cut the same link; of several disturbances of a link the strongest counts.
 */
export class Network {
  readonly paths: number;
  readonly #nodes: number;
  readonly #random: Prng;
  readonly #cuts: Int16Array;
  readonly #loss: Float64Array;
  readonly #extraDelayMs: Float64Array;
  #duplicates = 0;
  readonly #baseDelayMs: number;
  readonly #jitterMs: number;

  constructor(options: {
    nodes: number;
    paths: number;
    baseDelayMs: number;
    jitterMs: number;
    random: Prng;
  }) {
    this.#nodes = options.nodes;
    this.paths = options.paths;
    this.#baseDelayMs = options.baseDelayMs;
    this.#jitterMs = options.jitterMs;
    this.#random = options.random;
    const links = options.nodes * options.nodes * options.paths;
    this.#cuts = new Int16Array(links);
    this.#loss = new Float64Array(links);
    this.#extraDelayMs = new Float64Array(links);
  }

  /** How long a datagram takes, or -1 when it is lost. */
  transitMs(from: number, to: number, path: number): number {
    const link = this.#link(from, to, path);
    if ((this.#cuts[link] as number) > 0) return -1;
    const loss = this.#loss[link] as number;
    if (loss > 0 && this.#random.next() < loss) return -1;
    const extraMs = this.#extraDelayMs[link] as number;
    const jitterMs = this.#jitterMs > 0 ? this.#random.next() * this.#jitterMs : 0;
    return this.#baseDelayMs + jitterMs + (extraMs > 0 ? this.#random.next() * extraMs : 0);
  }

  isDuplicated(): boolean {
    return this.#duplicates > 0 && this.#random.next() < this.#duplicates;
  }

  /** `by` 1 cuts, -1 mends. */
  cut(from: number, to: number, path: number, by: 1 | -1): void {
    this.#cuts[this.#link(from, to, path)]! += by;
  }

  setLoss(from: number, to: number, path: number, probability: number): void {
    this.#loss[this.#link(from, to, path)] = probability;
  }

  setExtraDelay(from: number, to: number, path: number, delayMs: number): void {
    this.#extraDelayMs[this.#link(from, to, path)] = delayMs;
  }

  setDuplicates(probability: number): void {
    this.#duplicates = probability;
  }

  #link(from: number, to: number, path: number): number {
    return (from * this.#nodes + to) * this.paths + path;
  }
}
