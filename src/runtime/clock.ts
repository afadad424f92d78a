import type { Instant } from '../core/events.ts';
import { boottimeMs } from '../resources/boottime.ts';

/** Different types, so that a date cannot be taken for a duration, or one machine's clock for another's. */
export type MonotonicMs = number & { readonly __clock?: 'monotonic' };
export type WallMs = number & { readonly __clock: 'wall' };

/** Where the readings come from; tests hand in their own. All in milliseconds. */
export interface ClockSources {
  /** CLOCK_MONOTONIC: stands still while the machine is suspended. */
  readonly monotonicMs: () => number;
  /** CLOCK_BOOTTIME, in steps of 10 ms: runs on. */
  readonly boottimeMs: () => number;
  readonly wallMs: () => number;
}

const SYSTEM: ClockSources = {
  monotonicMs: () => performance.now(),
  boottimeMs,
  wallMs: () => Date.now(),
};

/** Steps of 10 ms and two readings that are not taken in one instant: less than this is not a suspension. */
const TOLERANCE_MS = 100;

export class Clock {
  readonly #sources: ClockSources;
  readonly #aheadAtStartMs: number;
  #suspendedMs = 0;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(sources: ClockSources = SYSTEM) {
    this.#sources = sources;
    this.#aheadAtStartMs = this.#aheadMs();
  }

  /** CLOCK_BOOTTIME, the same for every process of this machine. */
  boottimeMs(): number {
    return this.#sources.boottimeMs();
  }

  nowMs(): MonotonicMs {
    // A reading never falls behind one that was given out: the core takes that for a broken machine.
    this.#lastMs = Math.max(this.#lastMs, this.#sources.monotonicMs());
    return this.#lastMs;
  }

  /** For an event that happens now. */
  instant(): Instant {
    const aheadMs = this.#aheadMs() - this.#aheadAtStartMs;
    if (aheadMs > this.#suspendedMs + TOLERANCE_MS) this.#suspendedMs = aheadMs;
    return { nowMs: this.nowMs(), suspendedMs: this.#suspendedMs };
  }

  /** For people only: nothing is decided by it. */
  wallMs(): WallMs {
    return this.#sources.wallMs() as WallMs;
  }

  /**
   * The monotonic clock is read last: a process that loses the processor between the two readings then sees
   * too little of a suspension and corrects that at its next look. The other way it would see one that never was.
   */
  #aheadMs(): number {
    const boottimeMs = this.#sources.boottimeMs();
    return boottimeMs - this.#sources.monotonicMs();
  }
}
