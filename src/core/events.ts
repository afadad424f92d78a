import type { RequestReading } from './afar-state.ts';
import type { Maintenance } from './maintenance.ts';
import type { Departure, PeerMessage, Reach } from './message.ts';
import type {
  AddressHolder,
  CallFailure,
  CoreConfig,
  GroupName,
  Incarnation,
  InstanceCondition,
  Millis,
  NodeName,
  Term,
  TermRecord,
} from './types.ts';

/**
 * When an event happened. Own authority ages by `nowMs + suspendedMs`, waiting for others by `nowMs` alone,
 * so that a machine that was suspended never believes in an authority that ran out meanwhile.
 */
export interface Instant {
  /** CLOCK_MONOTONIC in milliseconds. */
  readonly nowMs: Millis;
  /** How far CLOCK_BOOTTIME has run ahead of CLOCK_MONOTONIC since the daemon started; never falls. */
  readonly suspendedMs: number;
}

/** Everything that can happen to a node. */
export type CoreEvent =
  | { readonly type: 'tick'; readonly at: Instant }
  | {
      readonly type: 'message';
      readonly at: Instant;
      readonly from: NodeName;
      readonly incarnation: Incarnation;
      /** Which of the configured paths brought it; the reply goes the same way. */
      readonly path: number;
      readonly message: PeerMessage;
    }
  | { readonly type: 'call-result'; readonly at: Instant; readonly id: number; readonly result: CallResult }
  | { readonly type: 'command'; readonly at: Instant; readonly command: Command }
  /** A monitor found a resource ended or not doing its work. Said again at every look that finds it so. */
  | {
      readonly type: 'services-unwell';
      readonly at: Instant;
      readonly group: GroupName;
      readonly unwell: UnwellResource;
    }
  | { readonly type: 'local-health'; readonly at: Instant; readonly health: LocalHealth }
  | { readonly type: 'departure'; readonly at: Instant; readonly departure: OwnDeparture }
  | { readonly type: 'reach'; readonly at: Instant; readonly reach: Reach | null }
  | { readonly type: 'reload'; readonly at: Instant; readonly config: CoreConfig };

/** The answer to an effect that carried a call `id`. Exactly one comes back for each, by its deadline. */
export type CallResult =
  | { readonly type: 'term-created' }
  /** `ParameterAlreadyExists`: it does not say who won. */
  | { readonly type: 'term-exists' }
  /** read-term: the record, or null for "not found", which is only a hint. */
  | { readonly type: 'term-record'; readonly record: TermRecord | null }
  | {
      /** read-newest: the newest record found; null: none. */
      readonly type: 'newest-term';
      readonly record: TermRecord | null;
      /** How long ago that record was made, by the witness's own clock. */
      readonly ageMs?: number;
      /** The operator's request of this moment, when it was read as well. */
      readonly request?: RequestReading;
    }
  | { readonly type: 'request-closed' }
  | {
      readonly type: 'address-reading';
      readonly holder: AddressHolder;
      /** '' when free; of several addresses those that are at the holder, separated by spaces. */
      readonly associationId: string;
      /** The group has several addresses and some, not all, are on this node. */
      readonly partlyHere?: boolean;
    }
  | { readonly type: 'address-moved'; readonly associationId: string }
  /** `Resource.AlreadyAssociated`: somebody holds it and this call was not allowed to take it. */
  | { readonly type: 'address-taken' }
  | { readonly type: 'address-released' }
  | { readonly type: 'instance-condition'; readonly condition: InstanceCondition }
  | { readonly type: 'services-started' }
  | { readonly type: 'services-stopped' }
  /** `unwell`: which resource is not well, of several the first; null when all run, or when it is not known. */
  | { readonly type: 'services-state'; readonly running: boolean; readonly unwell?: UnwellResource | null }
  /**
   * A start, stop or check of services failed; `reason` is a sentence for the operator, `resource` the place of the
   * one at fault, where it was one.
   */
  | { readonly type: 'services-failed'; readonly reason: string; readonly resource?: number }
  | { readonly type: 'failed'; readonly failure: CallFailure; readonly reason: string };

export type Command =
  | {
      readonly type: 'move';
      readonly id: string;
      readonly group: GroupName;
      readonly target: NodeName;
      readonly kind: 'switchover' | 'force';
      readonly by: string;
      readonly timeoutMs: number;
    }
  | { readonly type: 'set-drained'; readonly id: string; readonly drained: boolean; readonly by: string }
  /** Of one group, or of all when `group` is null. */
  | {
      readonly type: 'maintenance';
      readonly id: string;
      readonly group: GroupName | null;
      readonly on: boolean;
      readonly by: string;
    }
  /** Forgets the failures of services: of one group or all, on one node or all. */
  | {
      readonly type: 'cleanup';
      readonly id: string;
      readonly group: GroupName | null;
      readonly node: NodeName | null;
      readonly by: string;
    }
  /** The node is gone for good: the groups led here are to be without it (rule 19). */
  | {
      readonly type: 'forget';
      readonly id: string;
      readonly node: NodeName;
      readonly by: string;
      readonly timeoutMs: number;
    }
  /** `leave`: hand over, then exit. `hold`: ask the peers to wait, exit at once, come back soon. */
  | { readonly type: 'stop'; readonly mode: 'leave' | 'hold' };

export interface UnwellResource {
  /** Its place among those that the group runs, from 0. */
  readonly resource: number;
  /** A sentence that begins with its name. */
  readonly reason: string;
}

/** Facts about this node that the shell finds out by itself, per group. */
export interface LocalHealth {
  readonly group: GroupName;
  /** '' when the node could lead the group; else why not, in words ("nginx -t failed: …"). */
  readonly ineligible: string;
}

/** What the shell heard of the end of this machine: about all groups, and of no weight in a claim. */
export interface OwnDeparture {
  readonly grade: Departure;
  /** In words ("EC2 takes this spot instance at 12:04:00Z"); '' when the grade is `none`. */
  readonly why: string;
}

export interface StartOptions {
  readonly config: CoreConfig;
  readonly incarnation: Incarnation;
  readonly at: Instant;
  /** Seeds the core's own generator (jitter only): the same seed and events give the same effects. */
  readonly seed: number;
  /** From the state file, best effort: never create a term at or below it. */
  readonly highestTerms: Readonly<Record<GroupName, Term>>;
  /** From the state file, best effort: terms that an earlier incarnation may have created without learning of it. */
  readonly triedTerms?: Readonly<Record<GroupName, Term>>;
  readonly drained: boolean;
  /** From the state file, best effort: groups that an operator ever put into maintenance. */
  readonly maintenance?: Readonly<Record<GroupName, Maintenance>>;
}
