/**
 * Owns what a message does: who is alive, what terms exist, who leads, and the grant. A reply to a leader's
 * heartbeat is the promise "I will not claim for deadtime"; it is given only by a node that is not claiming.
 */
import { stopActing } from './acting.ts';
import { isHere } from './address.ts';
import { takeGrant } from './authority.ts';
import type { CoreEvent } from './events.ts';
import { learn, newestTerm } from './knowledge.ts';
import { hearMaintenance } from './maintenance.ts';
import type { GroupReport, PeerMessage } from './message.ts';
import { hearCleanup } from './orders.ts';
import { replyTo } from './reports.ts';
import type { CoreState, GroupState, PeerState } from './state.ts';
import { waitFor } from './timing-rules.ts';
import { note } from './toolbox.ts';
import type { GroupName, Incarnation, Term } from './types.ts';

export function hear(state: CoreState, event: Extract<CoreEvent, { type: 'message' }>): void {
  const peer = state.peers.get(event.from);
  if (peer === undefined) return;
  if (peer.incarnation !== event.incarnation) {
    peer.incarnation = event.incarnation;
    peer.heardBeat = 0;
    peer.answeredBeat = 0;
    peer.reports.clear();
  }
  const { message } = event;
  if (isLate(state, peer, message)) return;
  peer.heardMs = state.nowMs;
  peer.drained = message.drained;
  peer.leaving = message.leaving;
  peer.departure = message.departure;
  peer.reach = message.reach;
  if (!peer.up) {
    peer.up = true;
    note(state, { type: 'peer-up', node: peer.name });
  }
  const grants = new Map<GroupName, Term>();
  for (const report of message.reports) {
    const group = state.groups.get(report.group);
    if (group === undefined) continue;
    const before = peer.reports.get(report.group);
    // A peer that finds the address on itself knows more than this node's last look.
    if (report.hasAddress && before?.hasAddress === false) group.address.nextLookMs = state.nowMs;
    peer.reports.set(report.group, report);
    grants.set(report.group, hearReport(state, group, peer, event.incarnation, message, report));
  }
  if (message.wantsReply) replyTo(state, peer, event.path, message.beat, grants);
}

/**
 * Something newer of the same kind came before, by a faster path. What this one says is over: taken for new it would
 * for instance call off a hold that was announced after it.
 */
function isLate(state: CoreState, peer: PeerState, message: PeerMessage): boolean {
  if (message.kind === 'reply') {
    if (message.beat < peer.answeredBeat || message.beat > state.heartbeat.beat) return true;
    peer.answeredBeat = message.beat;
  } else {
    if (message.beat < peer.heardBeat) return true;
    peer.heardBeat = message.beat;
  }
  return false;
}

/** Returns the term that this node grants, or 0. */
function hearReport(
  state: CoreState,
  group: GroupState,
  peer: PeerState,
  incarnation: Incarnation,
  message: PeerMessage,
  report: GroupReport,
): Term {
  const ownsTerm = report.owner === peer.name && report.ownerIncarnation === incarnation;
  if (report.term > 0) {
    learn(state, group, {
      term: report.term,
      owner: report.owner,
      incarnation: report.ownerIncarnation,
      leaseMs: ownsTerm ? report.leaseMs : null,
      requestId: '',
      requestedBy: '',
      recordRead: false,
      members: null,
      leases: {},
    });
  }
  const isNewest =
    ownsTerm &&
    report.term === newestTerm(group) &&
    group.newest?.owner === peer.name &&
    group.newest.incarnation === incarnation;
  hearMaintenance(state, group, report.maintenance);
  hearCleanup(state, group, report);
  hearAsLeader(state, group, peer, message, report);
  hearPrepare(state, group, peer, report, isNewest);
  switch (report.role) {
    case 'leading':
    case 'yielding':
      return isNewest ? hearLeader(state, group, peer, message, report) : (0 as Term);
    case 'acting':
      hearActing(state, group, report);
      return 0 as Term;
    case 'restarting':
      hearRestarting(state, group, peer, incarnation);
      return 0 as Term;
    case 'starting':
    case 'standby':
    case 'claiming':
      return 0 as Term;
  }
}

/** What a leader takes from the reports of the others. */
function hearAsLeader(
  state: CoreState,
  group: GroupState,
  peer: PeerState,
  message: PeerMessage,
  report: GroupReport,
): void {
  const { role } = group;
  if (role.kind !== 'leading') return;
  if (report.term >= role.reignStart && peer.name === role.predecessor) role.predecessorAcknowledged = true;
  if (report.role === 'claiming' && report.claimTerm === newestTerm(group) + 1) {
    role.refusedTerm = report.claimTerm;
  }
  // A node that knew a higher term before its restart grants nothing below: the next one is above.
  if (report.role === 'standby' || report.role === 'starting')
    group.floor = Math.max(group.floor, report.claimTerm - 1) as Term;
  if (message.kind === 'reply' && report.grants >= role.reignStart && report.grants <= newestTerm(group)) {
    takeGrant(state, group, peer.name, sentOwnMs(state, message.beat));
  }
  const { handover } = role;
  if (handover?.phase.kind === 'preparing' && handover.target === peer.name && report.ready) {
    if (report.handover === handover.id) handover.phase = { kind: 'ready' };
  }
}

function sentOwnMs(state: CoreState, beat: number): number {
  const { heartbeat } = state;
  if (beat > heartbeat.beat || beat <= heartbeat.beat - heartbeat.sentOwnMs.length)
    return Number.NEGATIVE_INFINITY;
  return heartbeat.sentOwnMs[beat % heartbeat.sentOwnMs.length]!;
}

function hearLeader(
  state: CoreState,
  group: GroupState,
  peer: PeerState,
  message: PeerMessage,
  report: GroupReport,
): Term {
  group.leaderHeardMs = state.nowMs;
  // An earlier life of this node may have promised until then: as long as the leader's file says, not its own.
  group.promiseUntilMs = Math.max(group.promiseUntilMs, state.startedMs + waitFor(report.deadtimeMs));
  group.restart = null;
  // Announced just before its silence begins; a leader that is back says 0.
  group.holdUntilMs = report.holdMs > 0 ? state.nowMs + report.holdMs : Number.NEGATIVE_INFINITY;
  if (group.role.kind === 'acting') stopActing(state, group);
  if (group.role.kind === 'starting' && group.create === null) group.role = { kind: 'standby' };
  if (report.renounced && group.newest !== null) group.newest.renounced = true;
  if (
    report.role === 'yielding' &&
    report.yieldTo === state.config.self &&
    report.yieldToIncarnation === state.incarnation &&
    group.prepared !== null &&
    group.prepared.leader === peer.name
  ) {
    group.waiver = report.term;
  }
  // What this node knew or tried before its restart may stand against this term: it says nothing for it.
  if (report.term < Math.max(group.floor, group.triedBefore)) return 0 as Term;
  // Rule 6: who claims refuses, and says which term, so that the leader can create that very term.
  if (!message.wantsReply || group.create !== null || group.role.kind === 'leading') return 0 as Term;
  group.promiseUntilMs = Math.max(group.promiseUntilMs, state.nowMs + waitFor(report.deadtimeMs));
  return report.term;
}

/** Who acts on EC2's word and has the address is treated as a leader. */
function hearActing(state: CoreState, group: GroupState, report: GroupReport): void {
  if (!report.hasAddress) return;
  group.leaderHeardMs = state.nowMs;
  if (group.role.kind === 'starting' && group.create === null) group.role = { kind: 'standby' };
  if (group.role.kind === 'acting' && !isHere(state, group)) stopActing(state, group);
}

/** Rule 13: the owner of the newest term came back and is about to go on: it is waited for. */
function hearRestarting(
  state: CoreState,
  group: GroupState,
  peer: PeerState,
  incarnation: Incarnation,
): void {
  if (group.newest === null || group.newest.owner !== peer.name) return;
  if (group.newest.incarnation === incarnation) return;
  if (group.restart?.incarnation === incarnation) {
    group.restart.heardMs = state.nowMs;
    return;
  }
  // One that dies again and again before it adopts is not waited for anew each time.
  const untilMs = group.restart?.untilMs ?? state.nowMs + state.config.initdeadMs;
  group.restart = { incarnation, untilMs, heardMs: state.nowMs };
}

/** The leader asks this node to get ready, or no longer does. */
function hearPrepare(
  state: CoreState,
  group: GroupState,
  peer: PeerState,
  report: GroupReport,
  isNewest: boolean,
): void {
  if (!isNewest) return;
  if (report.prepare !== state.config.self || group.role.kind !== 'standby') {
    group.prepared = null;
    return;
  }
  const { prepared } = group;
  if (prepared?.leader === peer.name && prepared.handover === report.handover) return;
  group.prepared = { leader: peer.name, handover: report.handover, sinceMs: state.nowMs - 1 };
}
