import type { Maintenance } from './maintenance.ts';
import type { GroupName, Incarnation, NodeName, Term } from './types.ts';

/**
 * What nodes say to each other. A *heartbeat* asks for a reply when its sender leads, claims or acts
 * somewhere; a *reply* carries the same reports and, per group, the grant. The codec (`src/wire/packet.ts`)
 * turns this into at most 1,200 bytes; sender, incarnation and session are in the packet around it.
 */
export interface PeerMessage {
  readonly kind: 'heartbeat' | 'reply';
  /**
   * heartbeat: the sender's own count of heartbeats, rising by one, the same on every path.
   * reply: the count of the heartbeat that is answered.
   */
  readonly beat: number;
  /** Whether the receiver is asked to answer at once. Always false in a reply. */
  readonly wantsReply: boolean;
  /** The operator drained this node (`eipkeeper standby`). */
  readonly drained: boolean;
  /** The daemon is about to leave: hand over what it leads, expect silence. */
  readonly leaving: boolean;
  /** Whether the sender's machine is about to go. */
  readonly departure: Departure;
  /** How many of the ping nodes the sender reaches; null when it watches none. */
  readonly reach: Reach | null;
  readonly reports: readonly GroupReport[];
}

/**
 * `advised`: another machine would be better, this one may last (a rebalance recommendation). `imminent`: it goes
 * at a known time (spot interruption, maintenance, scale-in).
 */
export type Departure = 'none' | 'advised' | 'imminent';

export interface Reach {
  readonly reached: number;
  /** How many are watched; counts of nodes that watch different numbers are not compared. */
  readonly of: number;
}

/** What the sender is in one group. */
export type ReportedRole =
  /** Started, does not know yet who leads. */
  | 'starting'
  /** Started, and the newest term names this node under an earlier incarnation: it is about to adopt it. */
  | 'restarting'
  | 'standby'
  /** A create of `claimTerm` is in flight or its outcome unknown: no grants meanwhile (rule 6). */
  | 'claiming'
  | 'leading'
  /** Leads, and lets `yieldTo` create the next term. */
  | 'yielding'
  /** Serves on EC2's word alone, the witness being unreachable (rule 16). */
  | 'acting';

export interface GroupReport {
  readonly group: GroupName;
  readonly role: ReportedRole;
  /** The newest term that the sender knows, with its owner; NO_TERM, '' and '' when none. */
  readonly term: Term;
  readonly owner: NodeName;
  readonly ownerIncarnation: Incarnation;
  /** claiming: the term of the create that is in flight; else NO_TERM. */
  readonly claimTerm: Term;
  /** In a reply: the term whose leader is granted "I will not claim for deadtime"; else NO_TERM. */
  readonly grants: Term;
  /** From the owner of `term`: how long its record binds the receiver (0: not at all). */
  readonly leaseMs: number;
  /** From the owner of `term`: the lease no longer binds the receiver, irrevocably for this term. */
  readonly renounced: boolean;
  /** From a leader: how long it counts a grant (its own deadtime); the receiver's promise lasts as long. Else 0. */
  readonly deadtimeMs: number;
  /** From a leader: peers should not claim for this long after its silence begins (planned restart); else 0. */
  readonly holdMs: number;
  /** From a leader: this node is asked to start and check everything but the address; else ''. */
  readonly prepare: NodeName;
  /** Identifies one handover of one leader, so that an old "ready" does not answer a new question; 0: none. */
  readonly handover: number;
  /** From the prepared node: services run, checks passed; the address may come. Answers `handover`. */
  readonly ready: boolean;
  /** From a yielding leader: who may create term + 1, and in which incarnation. */
  readonly yieldTo: NodeName;
  readonly yieldToIncarnation: Incarnation;
  /** Whether the sender could lead this group this second. */
  readonly eligible: boolean;
  /** Why it could not, in words for people: at most 80 bytes arrive. '' when it could. */
  readonly whyNot: string;
  /** The sender's last reading that it believes: the address is on its own interface. */
  readonly hasAddress: boolean;
  /** The group's services run on the sender. */
  readonly serving: boolean;
  /** Somebody asked the sender for a move that the leader (switchover) should carry out. */
  readonly request: MoveRequest | null;
  /** From the leader: what became of the request with this id. */
  readonly answer: MoveAnswer | null;
  /** Nothing of the group is touched; the register of `maintenance.ts`. */
  readonly maintenance: Maintenance;
  /** An operator gave this order on the sender: forget the failures of services. */
  readonly cleanup: CleanupOrder | null;
  /** The id of the order of that kind which the sender took in last, as long as somebody spreads it; else ''. */
  readonly cleanedUp: string;
}

export interface CleanupOrder {
  /** 16 hexadecimal digits. */
  readonly id: string;
  /** '' for every node. */
  readonly node: NodeName;
}

export interface MoveRequest {
  /** 16 hexadecimal digits. */
  readonly id: string;
  readonly kind: 'switchover' | 'force';
  readonly target: NodeName;
  /** "uid 0 on aux", "arn:aws:iam::…". At most 64 bytes of UTF-8 on the wire. */
  readonly by: string;
  /** It was written into the witness, where its target reads it itself before it acts. */
  readonly afar: boolean;
}

export interface MoveAnswer {
  readonly id: string;
  /** '' when accepted, else the reason of the refusal in words, at most 120 bytes. */
  readonly refusal: string;
  /** Of a refusal. */
  readonly code: RefusalCode;
}

/** `busy`: another move is under way, try again. `unsafe`: it could not be decided, or would do harm. */
export type RefusalCode = 'busy' | 'unsafe';
