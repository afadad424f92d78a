import type { CallEffect } from '../core/effects.ts';
import type { CallResult } from '../core/events.ts';
import type { Note } from '../core/notes.ts';
import type { Millis, NodeName, Term } from '../core/types.ts';

/** How long nothing had come from a node, on each path on which this recording knows that something came. */
export interface Silence {
  readonly node: NodeName;
  /** null: never heard in this recording. */
  readonly forMs: number | null;
  readonly paths: readonly { readonly path: number; readonly forMs: number }[];
}

/** What a recording says happened: the evidence for sentences. */
export type Finding = { readonly atMs: Millis; readonly wallMs: number } & (
  | { readonly type: 'note'; readonly note: Note }
  | {
      readonly type: 'asked';
      readonly kind: 'switchover' | 'force';
      readonly target: NodeName;
      readonly by: string;
      /** '' when it was asked here. */
      readonly heardFrom: NodeName;
    }
  /** The leader asked this node to get ready. */
  | { readonly type: 'prepare'; readonly by: NodeName }
  | { readonly type: 'ready'; readonly node: NodeName }
  | { readonly type: 'yields'; readonly node: NodeName; readonly to: NodeName; readonly term: Term }
  /** A node refuses grants because it wants this term itself. */
  | { readonly type: 'wants'; readonly node: NodeName; readonly term: Term }
  | { readonly type: 'renounced'; readonly node: NodeName; readonly term: Term }
  /** Placed at its beginning. `result`: null when the recording ends before it. */
  | {
      readonly type: 'call';
      readonly call: CallEffect;
      readonly result: CallResult | null;
      readonly tookMs: number;
      /** Of every other node, at the beginning. */
      readonly silences: readonly Silence[];
      /** What its newest term meant for this node, as far as is known then. */
      readonly lease: {
        readonly term: Term;
        readonly owner: NodeName;
        readonly renounced: boolean;
        readonly leaseMs: number;
      } | null;
    }
);
