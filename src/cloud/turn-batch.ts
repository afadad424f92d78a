import type { CallBounds } from './bounded-call.ts';

/** Performs one request for several keys, and returns one answer for each, in their order. Never rejects. */
export type PerformBatch<Key, Answer> = (
  keys: readonly Key[],
  bounds: CallBounds,
) => Promise<readonly Answer[]>;

interface Waiting<Key, Answer> {
  readonly key: Key;
  readonly bounds: CallBounds;
  resolve(answer: Answer): void;
}

/**
 * Lets calls that were asked for in the same turn of the event loop share one request: the limits on calls are
 * shared with the whole account. A request lasts as long as its most patient caller allows, and is given up when
 * all have given up; each caller gets `late` at its own deadline.
 */
export class TurnBatch<Key, Answer> {
  readonly #perform: PerformBatch<Key, Answer>;
  readonly #late: () => Answer;
  readonly #sizeMax: number;
  #waiting: Waiting<Key, Answer>[] = [];

  constructor(options: { perform: PerformBatch<Key, Answer>; late: () => Answer; sizeMax: number }) {
    this.#perform = options.perform;
    this.#late = options.late;
    this.#sizeMax = options.sizeMax;
  }

  ask(key: Key, bounds: CallBounds): Promise<Answer> {
    return new Promise((resolve) => {
      this.#waiting.push({ key, bounds, resolve });
      if (this.#waiting.length === 1) setImmediate(() => this.#flush());
    });
  }

  #flush(): void {
    const all = this.#waiting;
    this.#waiting = [];
    for (let start = 0; start < all.length; start += this.#sizeMax) {
      void this.#run(all.slice(start, start + this.#sizeMax));
    }
  }

  async #run(batch: readonly Waiting<Key, Answer>[]): Promise<void> {
    const abort = new AbortController();
    let interested = batch.length;
    const leave = () => {
      interested -= 1;
      if (interested === 0) abort.abort();
    };
    const settles = batch.map((waiting) => this.#watch(waiting, leave));
    const deadlineMs = Math.max(...batch.map(({ bounds }) => bounds.deadlineMs));
    const keys = batch.map(({ key }) => key);
    const answers = await this.#perform(keys, { signal: abort.signal, deadlineMs });
    for (const [index, settle] of settles.entries()) settle(answers[index] ?? this.#late());
  }

  /** Answers `late` when this caller's own time is over; returns how to answer it before. */
  #watch(waiting: Waiting<Key, Answer>, leave: () => void): (answer: Answer) => void {
    const { bounds, resolve } = waiting;
    let settled = false;
    const settle = (answer: Answer) => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      bounds.signal.removeEventListener('abort', onLate);
      resolve(answer);
      leave();
    };
    const onLate = () => settle(this.#late());
    const timer = setTimeout(onLate, bounds.deadlineMs);
    bounds.signal.addEventListener('abort', onLate, { once: true });
    if (bounds.signal.aborted) onLate();
    return settle;
  }
}
