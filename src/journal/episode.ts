import type { GroupName, Incarnation, Millis, NodeName, Term, TermReason } from '../core/types.ts';

interface Placed {
  readonly group: GroupName;
  readonly wallMs: number;
  /** On the monotonic clock of the incarnation that wrote it. */
  readonly atMs: Millis;
  /** Whose journal it is. */
  readonly self: NodeName;
  readonly incarnation: Incarnation;
}

export interface ChangePhases {
  readonly detectMs: number;
  readonly claimMs: number;
  readonly moveMs: number;
  readonly startMs: number;
  readonly totalMs: number;
}

/** Another node leads, or the same one anew. */
export interface Change extends Placed {
  readonly kind: 'change';
  readonly term: Term;
  /** null: this journal does not know. */
  readonly from: NodeName | null;
  readonly to: NodeName;
  /** null: this node did not learn why; the journal of `to` knows. */
  reason: TermReason | null;
  /** '' when nobody asked. */
  by: string;
  /** Known on the new leader when it serves. */
  phases: ChangePhases | null;
}

/** Somebody was silent, and the leader stayed. */
export interface Stay extends Placed {
  readonly kind: 'stay';
  readonly owner: NodeName;
  /** The first and last term of the owner in this time. */
  firstTerm: Term;
  lastTerm: Term;
  /** How often this node renewed its own; 0 on others. */
  renewals: number;
  /** The end of the silence, or the last renewal in it; null: neither is in this journal. */
  untilWallMs: number | null;
  untilMs: Millis | null;
}

/** Somebody wanted a move that was not made. */
export interface Refusal extends Placed {
  readonly kind: 'refusal';
  readonly to: NodeName;
  readonly why: string;
  by: string;
}

export type Episode = Change | Stay | Refusal;
