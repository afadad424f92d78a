import type { RequestVerdict } from '../core/afar-state.ts';
import type { CallResult } from '../core/events.ts';
import type { GroupName, Term, TermRecord } from '../core/types.ts';

/** By when to answer (a duration), and a signal that gives the call up. */
export interface WitnessBounds {
  readonly signal: AbortSignal;
  readonly deadlineMs: number;
}

/**
 * The third place that decides races: a register per term that can be created once and is never changed. No
 * method rejects; what is not certain is answered as 'failed'. What is read is true, as records never change;
 * "not found" and "this is the newest" are hints, as no consistency of reads is promised.
 */
export interface Witness {
  /** 'term-created', 'term-exists' (somebody has this number, perhaps this very node) or 'failed'. */
  createTerm(record: TermRecord, bounds: WitnessBounds): Promise<CallResult>;
  /** 'term-record' or 'failed'. */
  readTerm(group: GroupName, term: Term, bounds: WitnessBounds): Promise<CallResult>;
  /** 'newest-term', with the operator's request of this moment, or 'failed'. `known`: the newest term known, or NO_TERM. */
  readNewest(group: GroupName, known: Term, bounds: WitnessBounds): Promise<CallResult>;
  /**
   * Deletes terms up to and including `upTo`, some of them now and the rest by later calls. Answers
   * 'term-record' with null when `upTo` is gone, else 'failed'; nothing depends on it.
   */
  deleteTerms(group: GroupName, upTo: Term, bounds: WitnessBounds): Promise<CallResult>;
  /** Writes beside a request what became of it: 'request-closed', also when it is another one by now, or 'failed'. */
  closeRequest(id: string, verdict: RequestVerdict, bounds: WitnessBounds): Promise<CallResult>;
  /** Ends background work. */
  close(): void;
}
