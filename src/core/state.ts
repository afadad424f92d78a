import type { AddressState } from './address-state.ts';
import { type AfarState, newAfar } from './afar-state.ts';
import { STAYS } from './departure.ts';
import type { Call, Effect } from './effects.ts';
import type { OwnDeparture, StartOptions } from './events.ts';
import { type Maintenance, NO_MAINTENANCE } from './maintenance.ts';
import type { CleanupOrder, Departure, GroupReport, MoveAnswer, MoveRequest, Reach } from './message.ts';
import { newGroup } from './new-group.ts';
import { newPeer } from './new-peer.ts';
import type { ServicesState } from './services-state.ts';
import { LOOK_SLOW_MS } from './timing-rules.ts';
import type {
  CoreConfig,
  GroupConfig,
  GroupName,
  Incarnation,
  InstanceCondition,
  Millis,
  NodeName,
  Term,
  TermReason,
  TermRecord,
} from './types.ts';
import { NO_TERM } from './types.ts';

/**
 * The state of one node. It is changed in place by `step` and by nothing else.
 *
 * Two clocks: `nowMs` is monotonic and used to wait for others; `ownMs` also counts time spent suspended and is
 * used for what this node may still believe of itself. Field names say which one a time was taken from:
 * `…OwnMs` or plain `…Ms`.
 */
export interface CoreState {
  config: CoreConfig;
  readonly incarnation: Incarnation;
  nowMs: Millis;
  ownMs: Millis;
  /** When `step` wants to be called again at the latest; recomputed by every step. */
  wakeMs: Millis;
  /** Collected by the step that runs; taken out at its end. */
  effects: Effect[];
  readonly startedMs: Millis;
  randomState: number;
  /** Where the times of `nextLook` begin. */
  readonly lookPhaseMs: Millis;
  nextCallId: number;
  readonly calls: Map<number, PendingCall>;
  readonly peers: Map<NodeName, PeerState>;
  readonly groups: Map<GroupName, GroupState>;
  readonly heartbeat: HeartbeatState;
  readonly witness: { downSinceMs: Millis | null };
  readonly afar: AfarState;
  drained: boolean;
  departure: OwnDeparture;
  /** How many of its ping nodes this node reaches; null: it watches none. */
  reach: Reach | null;
  stopping: Stopping;
  /** What operators asked of this node and was not answered yet. */
  commands: PendingCommand[];
  orders: PendingOrder[];
  forgets: PendingForget[];
  /** Written to disk at the end of a step that changed it. */
  persistDirty: boolean;
}

export interface PendingCommand {
  readonly id: string;
  readonly group: GroupName;
  readonly target: NodeName;
  readonly untilMs: Millis;
}

/** A node that the groups led here are to be without. */
export interface PendingForget {
  readonly id: string;
  readonly node: NodeName;
  readonly groups: readonly GroupName[];
  readonly untilMs: Millis;
}

/** An operator's order that spreads with the heartbeats. */
export interface PendingOrder {
  readonly id: string;
  /** What was set; null: a cleanup. */
  readonly maintenance: boolean | null;
  readonly groups: readonly GroupName[];
  /** Whom it concerns. */
  readonly nodes: readonly NodeName[];
  readonly untilMs: Millis;
}

export type Stopping =
  | { readonly kind: 'no' }
  /** Handing over what it leads, then stopping services by rule 14, then exit. */
  | {
      readonly kind: 'leaving';
      readonly sinceMs: Millis;
      /** Nobody takes over: what must never run unwatched (`exclusive`) stops. */
      resigned: boolean;
    }
  /** A planned restart: the peers are told to wait, then exit. */
  | { readonly kind: 'holding'; readonly sinceMs: Millis; readonly beat: number }
  /** `hold`: the peers were told to wait; the last heartbeat must not take that back. */
  | { readonly kind: 'gone'; readonly hold: boolean };

export interface HeartbeatState {
  beat: number;
  lastMs: Millis;
  /** Something changed that the peers should hear at once. */
  urgent: boolean;
  /** When each of the last beats was sent, own clock; index beat % length. */
  readonly sentOwnMs: Float64Array;
}

export interface PeerState {
  readonly name: NodeName;
  incarnation: Incarnation | null;
  /** -Infinity: never. */
  heardMs: Millis;
  sentMs: Millis;
  up: boolean;
  drained: boolean;
  leaving: boolean;
  departure: Departure;
  reach: Reach | null;
  /** Since when it has reached more ping nodes than this node; null: it does not. */
  reachesMoreSinceMs: Millis | null;
  /** Its own newest heartbeat that was heard. */
  heardBeat: number;
  /** The newest beat of mine that it answered. */
  answeredBeat: number;
  readonly reports: Map<GroupName, GroupReport>;
}

export interface PendingCall {
  readonly group: GroupName;
  readonly call: Call;
  readonly begunMs: Millis;
  readonly begunOwnMs: Millis;
}

/** What a node is in a group. `leading` ⇔ the newest known term is mine, in this incarnation. */
export type Role =
  | { readonly kind: 'starting' }
  | { readonly kind: 'standby' }
  | Leading
  | { readonly kind: 'acting' };

export interface Leading {
  readonly kind: 'leading';
  readonly sinceMs: Millis;
  /** The first term of this unbroken reign: grants for earlier ones do not count. */
  readonly reignStart: Term;
  /** Who led before, to whom the address goes back if it cannot be had. */
  readonly predecessor: NodeName | null;
  /** Has the predecessor acknowledged this reign? Until then its late calls may still land. */
  predecessorAcknowledged: boolean;
  /** False from the moment authority lapsed: every create then follows a fresh read. */
  unbroken: boolean;
  /** A standby refuses grants because it is claiming this term: defend it at once. */
  refusedTerm: Term | null;
  handover: Handover | null;
  readonly bonds: Map<NodeName, Bond>;
}

/** What ties one other node to this leader. */
export interface Bond {
  /** When the newest granted heartbeat was sent, own clock; -Infinity: never in this reign. */
  grantOwnMs: Millis;
  /** Since when grants have come without a gap of warntime, own clock; null: there is a gap now. */
  freshSinceOwnMs: Millis | null;
  lease: { readonly sentOwnMs: Millis; readonly lengthMs: number; renounced: boolean } | null;
}

export interface Handover {
  readonly id: number;
  readonly target: NodeName;
  readonly targetIncarnation: Incarnation;
  readonly why: string;
  readonly by: string;
  readonly requestId: string;
  readonly afar: boolean;
  /** Neither asked for nor forced: rule 15 counts it. */
  readonly optional: boolean;
  readonly startedMs: Millis;
  phase:
    | { readonly kind: 'preparing' }
    | { readonly kind: 'ready' }
    /** Only as long as `term` is the newest: with the next one it is decided. */
    | { readonly kind: 'yielding'; readonly term: Term; readonly sinceMs: Millis };
}

export interface KnownTerm {
  readonly term: Term;
  readonly owner: NodeName;
  readonly incarnation: Incarnation;
  readonly learnedMs: Millis;
  /** How long it binds this node; null: not known yet (heard of from somebody who is not its owner). */
  leaseMs: number | null;
  renounced: boolean;
  /** The operator's request that led to this term; '' when nobody asked. A term that was asked for stays. */
  requestId: string;
  requestedBy: string;
  /** The record itself was read, or is this node's own: what it carried out is known, and who its members are. */
  recordRead: boolean;
  /** While the record was not read: what the one before said. */
  members: readonly NodeName[];
  /** Whom the record binds, for how long; {} while it was not read. */
  leases: TermRecord['leases'];
}

/** A create of a term that was sent and whose record has not been read yet. */
export interface CreateAttempt {
  readonly record: TermRecord;
  readonly firstSentMs: Millis;
  readonly firstSentOwnMs: Millis;
  /** When a leader had last been heard at that moment, for the phases of a takeover. */
  readonly heardMs: Millis;
  callId: number | null;
  /** At least one attempt may have had an effect: only the record can tell. */
  maybeApplied: boolean;
  /** `exists` was answered: the record must be read. */
  taken: boolean;
  retryMs: Millis;
}

export interface ReadState {
  callId: number | null;
  /** When the last successful read of the newest term was begun, on both clocks; -Infinity: never. */
  okBegunMs: Millis;
  okBegunOwnMs: Millis;
  /** When a witness call of this group last failed. */
  failedMs: Millis;
  retryMs: Millis;
  nextLookMs: Millis;
}

/** Times of one change of leadership, for its line in the log. */
export interface Phases {
  readonly reason: TermReason;
  readonly heardMs: Millis;
  readonly decidedMs: Millis;
  readonly wonMs: Millis;
  servicesMs: Millis | null;
  moveSentMs: Millis | null;
}

/** `begunMs`: when EC2 was asked for what it said; `askedMs`: when it was asked last, and it may not have answered yet. */
export interface InstanceWord {
  condition: InstanceCondition;
  begunMs: Millis;
  askedMs: Millis;
  callId: number | null;
}

export interface GroupState {
  config: GroupConfig;
  role: Role;
  newest: KnownTerm | null;
  /** Never create a term at or below this (from the state file). */
  floor: Term;
  /**
   * An earlier incarnation may have created this term (from the state file). It grants no older one: its own
   * record may stand, and who reads it waits for nobody but its vanished owner.
   */
  triedBefore: Term;
  /** This node granted: it must not claim before. */
  promiseUntilMs: Millis;
  /** The last time a node was heard that leads, acts or comes back to lead this group. */
  leaderHeardMs: Millis;
  /** A planned restart of the leader: do not claim before. */
  holdUntilMs: Millis;
  /** A restarting owner may take until then to adopt its term. */
  restart: { readonly incarnation: Incarnation; readonly untilMs: Millis; heardMs: Millis } | null;
  /** The leader asked this node to get ready. `sinceMs`: a reading of the witness that was begun after it is fresh. */
  prepared: { readonly leader: NodeName; readonly handover: number; readonly sinceMs: Millis } | null;
  /** The leader of this term yielded to this node: promise, lease and rank are waived for the next term only. */
  waiver: Term | null;
  force: {
    readonly id: string;
    readonly by: string;
    readonly untilMs: Millis;
    /** The node on which it was asked; it may be withdrawn there. */
    readonly askedOn: NodeName;
    /** Asked in the witness: to be found there as long as it is pursued. */
    readonly afar: boolean;
  } | null;
  steppedDownMs: Millis;
  read: ReadState;
  create: CreateAttempt | null;
  defence: { lastMs: Millis; leaseMs: number };
  /** A reload made deadtime longer: grants for heartbeats sent until then promised only this much, enough for that stop. */
  shorterGrants: {
    readonly untilOwnMs: Millis;
    readonly deadtimeMs: number;
    readonly stopTimeoutMs: number;
  };
  address: AddressState;
  /** What EC2 last said of the instances of silent nodes. */
  readonly conditions: Map<NodeName, InstanceWord>;
  services: ServicesState;
  phases: Phases | null;
  /** '' or the reason why this node could not lead the group, found out by the shell. */
  ineligible: string;
  /** Since when each other node could take the group without a gap. */
  readonly eligibleSinceMs: Map<NodeName, Millis>;
  /** What an operator asked of this node and is not done yet. */
  request: { readonly request: MoveRequest; readonly untilMs: Millis } | null;
  answer: MoveAnswer | null;
  /** The last forced request from another node that was taken up: it happens once. */
  forcedId: string;
  handoverCount: number;
  /** Moves that nobody asked for and nothing forced, in which this node took part: rule 15 spaces them. */
  damping: { moves: number; lastMs: Millis };
  /** When the last takeovers were, newest first, and since when the next is said to wait. */
  takeovers: readonly Millis[];
  takeoverDelaySaidMs: Millis;
  /** The last requests that were carried out, newest first. */
  carriedOut: readonly string[];
  /** Automatic handovers that did not come about, by their targets. */
  readonly failedHandovers: Map<NodeName, { readonly lastMs: Millis; readonly failures: number }>;
  /** Terms and when they were first seen, for the deletion of old records. */
  readonly history: { readonly term: Term; readonly seenMs: Millis }[];
  maintenance: Maintenance;
  /** The operator's cleanup that this node spreads. */
  cleanup: CleanupOrder | null;
  /** The id of the last one that this node has taken in; '' before the first. */
  cleanedUp: string;
  readonly said: { authority: boolean; eligible: boolean; leaderless: boolean };
}

const BEATS_REMEMBERED = 256;

export function createCore(options: StartOptions): CoreState {
  const { config, at } = options;
  const state: CoreState = {
    config,
    incarnation: options.incarnation,
    nowMs: at.nowMs,
    ownMs: at.nowMs + at.suspendedMs,
    wakeMs: at.nowMs,
    effects: [],
    startedMs: at.nowMs,
    randomState: options.seed >>> 0,
    lookPhaseMs: at.nowMs + ((options.seed >>> 0) % LOOK_SLOW_MS),
    nextCallId: 1,
    calls: new Map(),
    peers: new Map(),
    groups: new Map(),
    heartbeat: {
      beat: 0,
      lastMs: Number.NEGATIVE_INFINITY,
      urgent: true,
      sentOwnMs: new Float64Array(BEATS_REMEMBERED).fill(Number.NEGATIVE_INFINITY),
    },
    witness: { downSinceMs: null },
    afar: newAfar(),
    drained: options.drained,
    departure: STAYS,
    reach: null,
    stopping: { kind: 'no' },
    commands: [],
    orders: [],
    forgets: [],
    persistDirty: false,
  };
  for (const name of config.nodes) if (name !== config.self) state.peers.set(name, newPeer(name));
  for (const group of config.groups) {
    state.groups.set(
      group.name,
      newGroup(
        group,
        config.self,
        at,
        options.highestTerms[group.name] ?? NO_TERM,
        options.triedTerms?.[group.name] ?? NO_TERM,
        options.maintenance?.[group.name] ?? NO_MAINTENANCE,
      ),
    );
  }
  return state;
}
