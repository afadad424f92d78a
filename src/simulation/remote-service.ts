import type { CallFailure } from '../core/types.ts';
import type { Prng } from './prng.ts';

/** How long calls to a service take when nothing is wrong, in milliseconds. */
export interface Latency {
  readonly leastMs: number;
  readonly mostMs: number;
}

/** The disturbances of a service; probabilities per call. */
export type Disturbance = 'late' | 'lost-before' | 'lost-after' | 'throttled' | 'denied' | 'stale';

/** What will become of one call: when it takes effect, and when what answer is heard. */
export interface Fate {
  /** From the send to the effect; -1: it never has one. */
  readonly landsMs: number;
  /** From the send to the answer; -1: none ever comes. */
  readonly answersMs: number;
  /** Instead of the service's own answer; null: the answer is the service's. */
  readonly failure: CallFailure | null;
}

/** A call that outlives its deadline may still take effect so much later (the life of what is on its way). */
export const LATEST_LANDING_MS = 10_000;
/** How stale a reading may be at most. */
export const STALENESS_MOST_MS = 2_000;

const FAST_FAILURE_MS = 5;
const REFUSAL_MS = 30;

/** The way to SSM or EC2 as seen from the nodes: who reaches it, how slow it is, what gets lost. */
export class RemoteService {
  readonly #random: Prng;
  /** How many faults currently keep each node away. */
  readonly #down: Int16Array;
  readonly #disturbances = new Map<Disturbance, number>();
  /** Below a third: connections refused; below two: silence; else errors. */
  downStyle = 0.5;

  constructor(nodes: number, random: Prng) {
    this.#down = new Int16Array(nodes);
    this.#random = random;
  }

  takeDown(node: number, by: 1 | -1): void {
    this.#down[node]! += by;
  }

  isDown(node: number): boolean {
    return (this.#down[node] as number) > 0;
  }

  disturb(disturbance: Disturbance, probability: number): void {
    this.#disturbances.set(disturbance, probability);
  }

  fate(node: number, latency: Latency): Fate {
    if (this.isDown(node)) return this.#fateWhenDown();
    if (this.#happens('throttled')) return refused('throttled');
    if (this.#happens('denied')) return refused('denied');
    if (this.#happens('lost-before')) return { landsMs: -1, answersMs: -1, failure: 'unknown' };
    const roundTripMs = this.#random.between(latency.leastMs, latency.mostMs);
    const landsMs = this.#happens('late')
      ? this.#random.between(roundTripMs, LATEST_LANDING_MS)
      : roundTripMs * this.#shareBeforeEffect(latency);
    const answersMs = landsMs + roundTripMs / 2;
    if (this.#happens('lost-after')) {
      // The connection broke, noticed at once or never.
      const noticed = this.#random.chance(0.3);
      return { landsMs, answersMs: noticed ? answersMs : -1, failure: 'unknown' };
    }
    return { landsMs, answersMs, failure: null };
  }

  /** How old the state is that a reading sees now. */
  stalenessMs(): number {
    return this.#happens('stale') ? this.#random.next() * STALENESS_MOST_MS : 0;
  }

  /** A service without jitter, as in scenarios, draws no luck at all. */
  #shareBeforeEffect({ leastMs, mostMs }: Latency): number {
    return leastMs === mostMs ? 0.5 : this.#random.between(0.3, 0.7);
  }

  #fateWhenDown(): Fate {
    if (this.downStyle < 1 / 3) return { landsMs: -1, answersMs: FAST_FAILURE_MS, failure: 'not-sent' };
    if (this.downStyle < 2 / 3) return { landsMs: -1, answersMs: -1, failure: 'unknown' };
    return { landsMs: -1, answersMs: REFUSAL_MS, failure: 'unknown' };
  }

  #happens(disturbance: Disturbance): boolean {
    const probability = this.#disturbances.get(disturbance);
    return probability !== undefined && probability > 0 && this.#random.next() < probability;
  }
}

const refused = (failure: CallFailure): Fate => ({ landsMs: -1, answersMs: REFUSAL_MS, failure });
