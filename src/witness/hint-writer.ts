import type { GroupName, Term } from '../core/types.ts';

/** Writes the hint of one group; what becomes of it does not matter. */
export type WriteHint = (group: GroupName, term: Term) => Promise<unknown>;

interface GroupHint {
  term: Term;
  /** On the monotonic clock. */
  writtenMs: number;
  timer: NodeJS.Timeout | null;
}

/**
 * Writes where the newest term of a group is, at most once in `intervalMs`, because the writes of an account are
 * few. In the background: it delays nothing, and its failure costs a reader one more request.
 */
export class HintWriter {
  readonly #write: WriteHint;
  readonly #delayMs: number;
  readonly #intervalMs: number;
  readonly #groups = new Map<GroupName, GroupHint>();
  #closed = false;

  /** `delayMs`: how long after a claim, when the claims of other groups are likely to be under way. */
  constructor(options: { readonly write: WriteHint; readonly delayMs: number; readonly intervalMs: number }) {
    this.#write = options.write;
    this.#delayMs = options.delayMs;
    this.#intervalMs = options.intervalMs;
  }

  note(group: GroupName, term: Term): void {
    if (this.#closed) return;
    const hint = this.#groups.get(group) ?? { term, writtenMs: Number.NEGATIVE_INFINITY, timer: null };
    this.#groups.set(group, hint);
    if (term > hint.term) hint.term = term;
    if (hint.timer !== null) return;
    const waitMs = Math.max(this.#delayMs, hint.writtenMs + this.#intervalMs - performance.now());
    hint.timer = setTimeout(() => this.#flush(group, hint), waitMs);
    hint.timer.unref();
  }

  close(): void {
    this.#closed = true;
    for (const { timer } of this.#groups.values()) if (timer !== null) clearTimeout(timer);
  }

  #flush(group: GroupName, hint: GroupHint): void {
    hint.timer = null;
    hint.writtenMs = performance.now();
    this.#write(group, hint.term).catch(() => undefined);
  }
}
