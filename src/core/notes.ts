import type { GroupName, NodeName, Term, TermReason } from './types.ts';

/** Facts worth a line in the log or the journal. The shell turns them into sentences; the core never formats. */
export type Note =
  | { readonly type: 'peer-up'; readonly node: NodeName }
  | { readonly type: 'peer-down'; readonly node: NodeName; readonly silentMs: number }
  | {
      readonly type: 'became-leader';
      readonly group: GroupName;
      readonly term: Term;
      readonly reason: TermReason;
      readonly by: string;
    }
  /** Rule 19: who counts from this term on; said by who wrote it. */
  | {
      readonly type: 'members-changed';
      readonly group: GroupName;
      readonly term: Term;
      readonly joined: readonly NodeName[];
      readonly gone: readonly NodeName[];
    }
  | { readonly type: 'defended'; readonly group: GroupName; readonly term: Term; readonly leaseMs: number }
  | {
      readonly type: 'leader-known';
      readonly group: GroupName;
      readonly term: Term;
      readonly owner: NodeName;
    }
  | {
      readonly type: 'stepped-down';
      readonly group: GroupName;
      readonly term: Term;
      readonly owner: NodeName;
    }
  | { readonly type: 'authority-lost'; readonly group: GroupName; readonly term: Term }
  | { readonly type: 'authority-regained'; readonly group: GroupName; readonly term: Term }
  | { readonly type: 'claim-lost'; readonly group: GroupName; readonly term: Term; readonly owner: NodeName }
  /** The end of a takeover or switchover: the address is here and the services run. Phases in milliseconds. */
  | {
      readonly type: 'serving';
      readonly group: GroupName;
      readonly term: Term;
      readonly reason: TermReason;
      readonly detectMs: number;
      readonly claimMs: number;
      readonly moveMs: number;
      readonly startMs: number;
      readonly totalMs: number;
    }
  | {
      readonly type: 'handover-started';
      readonly group: GroupName;
      readonly to: NodeName;
      readonly why: string;
    }
  | {
      readonly type: 'handover-abandoned';
      readonly group: GroupName;
      readonly to: NodeName;
      readonly why: string;
    }
  | { readonly type: 'yielded'; readonly group: GroupName; readonly term: Term; readonly to: NodeName }
  | {
      /** An operator asks from afar. */
      readonly type: 'request-heard';
      readonly group: GroupName;
      readonly kind: 'switchover' | 'force';
      readonly to: NodeName;
      readonly by: string;
    }
  /** What became of it is written beside it. */
  | {
      readonly type: 'request-answered';
      readonly group: GroupName;
      readonly status: 'done' | 'refused';
      readonly reason: string;
    }
  | { readonly type: 'request-ignored'; readonly reason: string }
  /** So many takeovers in an hour: the next waits. */
  | {
      readonly type: 'takeover-delayed';
      readonly group: GroupName;
      readonly takeovers: number;
      readonly waitMs: number;
    }
  | { readonly type: 'address-elsewhere'; readonly group: GroupName; readonly holder: string }
  | { readonly type: 'address-failed'; readonly group: GroupName; readonly reason: string }
  | { readonly type: 'witness-down'; readonly reason: string }
  | { readonly type: 'witness-up'; readonly downMs: number }
  | { readonly type: 'services-started'; readonly group: GroupName; readonly why: string }
  | { readonly type: 'services-stopped'; readonly group: GroupName; readonly why: string }
  | { readonly type: 'services-failed'; readonly group: GroupName; readonly reason: string }
  | {
      readonly type: 'maintenance';
      readonly group: GroupName;
      readonly on: boolean;
      /** '' when another node was told. */
      readonly by: string;
    }
  /** The leader of a group in maintenance fell silent: nobody takes over. */
  | {
      readonly type: 'left-leaderless';
      readonly group: GroupName;
      readonly owner: NodeName;
      readonly silentMs: number;
    }
  /** An operator had failures forgotten; of so many resources there were any here. */
  | {
      readonly type: 'cleaned-up';
      readonly group: GroupName;
      readonly resources: number;
      readonly by: string;
    }
  | { readonly type: 'acting'; readonly group: GroupName; readonly why: string }
  | { readonly type: 'leaving'; readonly reason: string }
  /** The machine is about to go, by the word of EC2. */
  | { readonly type: 'departure-announced'; readonly grade: 'advised' | 'imminent'; readonly why: string }
  | { readonly type: 'departure-withdrawn'; readonly why: string }
  | { readonly type: 'ineligible'; readonly group: GroupName; readonly reason: string }
  | { readonly type: 'eligible'; readonly group: GroupName };
