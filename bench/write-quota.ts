/** As in the daemon: how long after a claim its hint is written, and how often at most that of one group. */
const HINT_DELAY_MS = 4_000;
const HINT_INTERVAL_MS = 20_000;

/** A token bucket in front of PutParameter, a second's worth deep, in virtual time. */
export class WriteQuota {
  asked = 0;
  granted = 0;
  /** Until it is set, everything is let through. */
  perSecond = Number.POSITIVE_INFINITY;
  #tokens = 0;
  #atMs = 0;
  /** When each hint is to be written, and when it last was. */
  readonly #hints = new Map<string, { dueMs: number; writtenMs: number }>();

  /** Whether a write at `nowMs` is let through. */
  take(nowMs: number): boolean {
    this.#writeHints(nowMs);
    return this.#takeOne(nowMs);
  }

  /** A term was created, and its hint follows. */
  hint(group: string, nowMs: number): void {
    const hint = this.#hints.get(group) ?? { dueMs: Number.POSITIVE_INFINITY, writtenMs: -HINT_INTERVAL_MS };
    this.#hints.set(group, hint);
    if (hint.dueMs === Number.POSITIVE_INFINITY) {
      hint.dueMs = Math.max(nowMs + HINT_DELAY_MS, hint.writtenMs + HINT_INTERVAL_MS);
    }
  }

  #writeHints(nowMs: number): void {
    const due = [...this.#hints.values()].filter(({ dueMs }) => dueMs <= nowMs);
    for (const hint of due.sort((left, right) => left.dueMs - right.dueMs)) {
      this.#takeOne(hint.dueMs);
      hint.writtenMs = hint.dueMs;
      hint.dueMs = Number.POSITIVE_INFINITY;
    }
  }

  #takeOne(nowMs: number): boolean {
    this.asked += 1;
    if (this.perSecond === Number.POSITIVE_INFINITY) return true;
    const passedMs = Math.max(0, nowMs - this.#atMs);
    this.#tokens = Math.min(this.perSecond, this.#tokens + (passedMs / 1_000) * this.perSecond);
    this.#atMs = Math.max(this.#atMs, nowMs);
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    this.granted += 1;
    return true;
  }
}
