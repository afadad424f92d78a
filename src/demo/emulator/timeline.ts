const HISTORY_MAX = 512;

/**
 * A value with its past. Reads on AWS are eventually consistent, so the emulator must be able to answer a
 * describe with the world as it was some time ago. Values are immutable: `set` replaces, nothing is edited.
 */
export class Timeline<T> {
  readonly #nowMs: () => number;
  readonly #past: { readonly atMs: number; readonly value: T }[] = [];
  #current: T;

  constructor(initial: T, nowMs: () => number) {
    this.#current = initial;
    this.#nowMs = nowMs;
    this.#past.push({ atMs: Number.NEGATIVE_INFINITY, value: initial });
  }

  get current(): T {
    return this.#current;
  }

  set(value: T): void {
    this.#current = value;
    this.#past.push({ atMs: this.#nowMs(), value });
    if (this.#past.length > HISTORY_MAX) this.#past.shift();
  }

  /** The value `ageMs` milliseconds ago; the oldest one remembered when that is longer ago. */
  asOf(ageMs: number): T {
    if (ageMs <= 0) return this.#current;
    const atMs = this.#nowMs() - ageMs;
    return (this.#past.findLast((entry) => entry.atMs <= atMs) ?? this.#past[0])?.value ?? this.#current;
  }
}
