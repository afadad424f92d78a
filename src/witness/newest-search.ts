import { NO_TERM, type Term } from '../core/types.ts';

/** What the search wants to know next. */
export type SearchStep =
  | { readonly type: 'probe'; readonly terms: readonly Term[]; readonly withHint: boolean }
  /** Look at all that there is: no starting point is left. */
  | { readonly type: 'list' }
  | { readonly type: 'done'; readonly newest: Term };

/** How far above what is known the first probe looks: the usual answer, "nothing newer", needs one name. */
const SPREAD = [0, 1, 2, 3, 4, 8, 16, 32, 64];
/** Later probes start far from the end: they look further. */
const WIDE_SPREAD = [0, 1, 2, 4, 16, 64, 256, 1024, 4096, 16_384];
const NAMES_MAX = 10;

/**
 * Finds the newest of terms that are created one by one and deleted from the bottom, so that those that exist
 * lie side by side. The usual case takes one step; each further step narrows the gap about tenfold. Pure: the
 * caller asks the witness and tells what it found.
 */
export class NewestSearch {
  readonly #known: Term;
  readonly #width: number;
  readonly #found = new Set<Term>();
  readonly #missing = new Set<Term>();
  #hint: Term = NO_TERM;
  #started = false;
  #listed = false;

  /** `width`: how many names the first step may ask for, 3 to 10 (fewer where groups share a request). */
  constructor(known: Term, width: number) {
    this.#known = known;
    this.#width = Math.min(NAMES_MAX, Math.max(3, width));
  }

  next(): SearchStep {
    if (!this.#started) {
      // Without a starting point low numbers say nothing: remains of long ago may lie there.
      const terms = this.#known === NO_TERM ? [] : above(this.#known, SPREAD.slice(0, this.#width - 1));
      return { type: 'probe', terms, withHint: true };
    }
    const top = this.#top();
    if (this.#hint > top && !this.#missing.has(this.#hint)) {
      return { type: 'probe', terms: above(this.#hint, WIDE_SPREAD), withHint: false };
    }
    if (top === NO_TERM) return this.#listed ? { type: 'done', newest: NO_TERM } : { type: 'list' };
    if (this.#missing.has((top + 1) as Term)) return { type: 'done', newest: top };
    return { type: 'probe', terms: this.#between(top), withHint: false };
  }

  /** Tells the outcome of a probe; `hint` is NO_TERM where there is none. */
  learn(asked: readonly Term[], found: readonly Term[], hint: Term): void {
    this.#started = true;
    if (hint > this.#hint) this.#hint = hint;
    for (const term of asked) this.#missing.add(term);
    for (const term of found) {
      this.#missing.delete(term);
      this.#found.add(term);
    }
  }

  /** Tells all terms that a listing showed. */
  learnList(found: readonly Term[]): void {
    this.#listed = true;
    for (const term of found) this.#found.add(term);
    const top = this.#top();
    if (top !== NO_TERM) this.#missing.add((top + 1) as Term);
  }

  #top(): Term {
    let top: Term = NO_TERM;
    for (const term of this.#found) if (term > top) top = term;
    return top;
  }

  /** Up to ten terms between the highest found and the lowest that is missing above it. */
  #between(top: Term): Term[] {
    let bottom = Number.POSITIVE_INFINITY;
    for (const term of this.#missing) if (term > top && term < bottom) bottom = term;
    if (bottom === Number.POSITIVE_INFINITY) return above(top + 1, WIDE_SPREAD);
    const stepSize = Math.max(1, Math.ceil((bottom - top - 1) / NAMES_MAX));
    const terms: Term[] = [];
    for (let term = top + 1; term < bottom; term += stepSize) terms.push(term as Term);
    return terms;
  }
}

function above(from: number, offsets: readonly number[]): Term[] {
  return offsets.map((offset) => (from + offset) as Term);
}
