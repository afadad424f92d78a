import { Histogram } from '../observability/metrics/histogram.ts';

const BOUNDS_S = [0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2];

/** How late this process's timers fire: its own slowness, which must not be taken for a peer's silence. */
export class LatenessMeter {
  /** Of the whole life of the process, in seconds. */
  readonly histogram = new Histogram(BOUNDS_S);
  #worstMs = 0;
  #lateCount = 0;
  #timers = 0;

  record(lateMs: number): void {
    this.histogram.observe(lateMs / 1_000);
    this.#timers += 1;
    this.#worstMs = Math.max(this.#worstMs, lateMs);
    if (lateMs > 50) this.#lateCount += 1;
  }

  /** Since the last `reset`: how many timers fired, how many later than 50 ms, and the worst of them. */
  read(): { readonly timers: number; readonly late: number; readonly worstMs: number } {
    return { timers: this.#timers, late: this.#lateCount, worstMs: this.#worstMs };
  }

  reset(): void {
    this.#worstMs = 0;
    this.#lateCount = 0;
    this.#timers = 0;
  }
}
