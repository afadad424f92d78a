import type { RequestVerdict } from './afar-state.ts';
import type { Maintenance } from './maintenance.ts';
import type { PeerMessage, RefusalCode } from './message.ts';
import type { Note } from './notes.ts';
import type { GroupName, NodeName, Term, TermRecord } from './types.ts';

/**
 * What the core asks of the world. Calls carry an `id`; the runtime answers each with exactly one
 * `call-result` event, at the latest when `deadlineMs` (a duration) has passed, as `failed: unknown`.
 */
export type Effect =
  /** Send to one peer; on every path when `path` is null. */
  | {
      readonly type: 'send';
      readonly to: NodeName;
      readonly path: number | null;
      readonly message: PeerMessage;
    }
  | CallEffect
  /** Best effort, on disk: survives a restart. */
  | {
      readonly type: 'persist';
      readonly highestTerms: Readonly<Record<GroupName, Term>>;
      readonly triedTerms: Readonly<Record<GroupName, Term>>;
      readonly drained: boolean;
      readonly maintenance: Readonly<Record<GroupName, Maintenance>>;
    }
  /** The answer to an operator's command; `refusal` is '' on success. */
  | { readonly type: 'answer'; readonly id: string; readonly outcome: CommandOutcome }
  | { readonly type: 'exit'; readonly code: number; readonly reason: string }
  | { readonly type: 'note'; readonly note: Note };

export interface CommandOutcome {
  readonly status: 'done' | 'refused' | 'timeout';
  readonly reason: string;
  /** Of a refusal whose kind is known. */
  readonly code?: RefusalCode;
}

export type CallEffect = {
  readonly id: number;
  readonly group: GroupName;
  readonly deadlineMs: number;
} & Call;

export type Call =
  // The witness (SSM Parameter Store)
  | { readonly type: 'create-term'; readonly record: TermRecord }
  | { readonly type: 'read-term'; readonly term: Term }
  /** `known`: the newest term known, from where the search starts. Reads of one step may share a request. */
  | { readonly type: 'read-newest'; readonly known: Term }
  /** Old records, all of them ≤ `upTo`; fire and forget, the result only ends the call. */
  | { readonly type: 'delete-terms'; readonly upTo: Term }
  /** Writes beside an operator's request what became of it, if it still is this one and nothing is beside it. */
  | { readonly type: 'close-request'; readonly requestId: string; readonly verdict: RequestVerdict }
  // EC2
  | { readonly type: 'describe-address' }
  /** AssociateAddress with AllowReassociation=true: whoever has it loses it. */
  | { readonly type: 'take-address' }
  /** AssociateAddress with AllowReassociation=false: only when it is free. */
  | { readonly type: 'take-free-address' }
  /** DisassociateAddress of exactly this association; harmless to a newer one. */
  | { readonly type: 'release-address'; readonly associationId: string }
  | { readonly type: 'describe-instance'; readonly node: NodeName }
  // The group's resources but the address, left to right; stopped right to left
  | { readonly type: 'start-services' }
  | { readonly type: 'stop-services' }
  | { readonly type: 'check-services' };
