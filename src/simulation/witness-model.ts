import type { CallResult } from '../core/events.ts';
import type { Term, TermRecord } from '../core/types.ts';

interface StoredTerm {
  readonly record: TermRecord;
  readonly landedMs: number;
}

/**
 * The terms of one group in SSM Parameter Store: a name is created once (`Overwrite=false`); reads may be as
 * stale as the caller says; a deleted name can be won again, which is why terms are not deleted young.
 */
export class WitnessModel {
  readonly #terms: (StoredTerm | undefined)[] = [];

  create(record: TermRecord, nowMs: number): CallResult {
    if (this.#terms[record.term] !== undefined) return { type: 'term-exists' };
    this.#terms[record.term] = { record, landedMs: nowMs };
    return { type: 'term-created' };
  }

  read(term: Term, horizonMs: number): CallResult {
    const stored = this.#terms[term];
    const visible = stored !== undefined && stored.landedMs <= horizonMs;
    return { type: 'term-record', record: visible ? stored.record : null };
  }

  newest(horizonMs: number, nowMs: number): Extract<CallResult, { type: 'newest-term' }> {
    for (let term = this.#terms.length - 1; term > 0; term--) {
      const stored = this.#terms[term];
      if (stored !== undefined && stored.landedMs <= horizonMs) {
        // By dates that count seconds. What was there from the beginning has no date.
        const ageMs = Math.floor((nowMs - Math.max(stored.landedMs, 0)) / 1_000) * 1_000;
        return { type: 'newest-term', record: stored.record, ageMs };
      }
    }
    return { type: 'newest-term', record: null };
  }

  delete(upTo: Term): void {
    for (let term = 1; term <= upTo && term < this.#terms.length; term++) this.#terms[term] = undefined;
  }

  /** The truth, for checkers and transcripts. */
  record(term: number): TermRecord | null {
    return this.#terms[term]?.record ?? null;
  }

  get newestRecord(): TermRecord | null {
    return this.record(this.#terms.length - 1);
  }
}
