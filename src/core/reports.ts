/** Owns what this node says of itself: heartbeats while it leads, claims or acts somewhere, replies, life signs. */
import { isHere } from './address.ts';
import { askedFromAfar } from './afar.ts';
import { isYielding } from './authority.ts';
import { canLead, whyNotEligible } from './eligibility.ts';
import { knowsLessThanBefore } from './knowledge.ts';
import type { GroupReport, MoveRequest, ReportedRole } from './message.ts';
import { mayYetAdopt } from './start-up.ts';
import type { CoreState, GroupState, PeerState } from './state.ts';
import { HOLD_MS } from './timing-rules.ts';
import { due, peersOf } from './toolbox.ts';
import { type GroupName, type Incarnation, NO_TERM, type Term } from './types.ts';
import { hasFreshRead } from './witness-calls.ts';

const NO_GRANTS: ReadonlyMap<GroupName, Term> = new Map();

/** Sends what is due: heartbeats every keepalive where something is led, else a sign of life when quiet. */
export function sendHeartbeats(state: CoreState): void {
  const { heartbeat } = state;
  const { keepaliveMs } = state.config;
  const active = somethingAtStake(state);
  if (heartbeat.urgent || (active && due(state, heartbeat.lastMs + keepaliveMs))) {
    beat(state, peersOf(state), active);
    if (active) due(state, state.nowMs + keepaliveMs);
    return;
  }
  if (active) return;
  // Replies count as signs of life; the margin keeps a late heartbeat of the leader from doubling them.
  const quiet: PeerState[] = [];
  for (const peer of peersOf(state)) if (due(state, peer.sentMs + keepaliveMs * 1.5)) quiet.push(peer);
  if (quiet.length > 0) beat(state, quiet, false);
}

function somethingAtStake(state: CoreState): boolean {
  for (const group of state.groups.values()) {
    if (group.create !== null || group.role.kind !== 'standby') return true;
  }
  return false;
}

function beat(state: CoreState, peers: Iterable<PeerState>, wantsReply: boolean): void {
  const { heartbeat } = state;
  heartbeat.beat += 1;
  heartbeat.urgent = false;
  heartbeat.lastMs = state.nowMs;
  heartbeat.sentOwnMs[heartbeat.beat % heartbeat.sentOwnMs.length] = state.ownMs;
  for (const peer of peers) send(state, peer, null, 'heartbeat', heartbeat.beat, wantsReply, NO_GRANTS);
}

export function replyTo(
  state: CoreState,
  peer: PeerState,
  path: number,
  beatAnswered: number,
  grants: ReadonlyMap<GroupName, Term>,
): void {
  send(state, peer, path, 'reply', beatAnswered, false, grants);
}

function send(
  state: CoreState,
  peer: PeerState,
  path: number | null,
  kind: 'heartbeat' | 'reply',
  beatNumber: number,
  wantsReply: boolean,
  grants: ReadonlyMap<GroupName, Term>,
): void {
  peer.sentMs = state.nowMs;
  const reports: GroupReport[] = [];
  for (const group of state.groups.values()) {
    reports.push(report(state, group, peer, grants.get(group.config.name) ?? NO_TERM));
  }
  state.effects.push({
    type: 'send',
    to: peer.name,
    path,
    message: {
      kind,
      beat: beatNumber,
      wantsReply,
      drained: state.drained,
      leaving: state.stopping.kind !== 'no',
      departure: state.departure.grade,
      reach: state.reach,
      reports,
    },
  });
}

export function roleOf(state: CoreState, group: GroupState): ReportedRole {
  const { role } = group;
  if (role.kind === 'leading') return isYielding(group, role) ? 'yielding' : 'leading';
  if (role.kind === 'acting') return 'acting';
  if (group.create !== null) return 'claiming';
  if (role.kind === 'standby') return 'standby';
  return mayYetAdopt(state, group) ? 'restarting' : 'starting';
}

function report(state: CoreState, group: GroupState, peer: PeerState, grants: Term): GroupReport {
  const { newest } = group;
  const role = roleOf(state, group);
  const leading = group.role.kind === 'leading' ? group.role : null;
  const bond = leading?.bonds.get(peer.name);
  const handover = leading?.handover ?? null;
  const yielding = role === 'yielding' && handover !== null;
  const whyNot = group.role.kind === 'starting' ? 'it is starting' : whyNotEligible(state, group);
  return {
    group: group.config.name,
    role,
    term: newest?.term ?? NO_TERM,
    owner: newest?.owner ?? '',
    ownerIncarnation: newest?.incarnation ?? ('' as Incarnation),
    claimTerm: claimTermOf(group),
    grants,
    leaseMs: bond?.lease?.lengthMs ?? 0,
    renounced: bond?.lease?.renounced ?? false,
    deadtimeMs: leading === null ? 0 : group.config.timings.deadtimeMs,
    holdMs: leading !== null && isHolding(state) ? HOLD_MS : 0,
    prepare: handover?.target ?? '',
    handover: handover?.id ?? group.prepared?.handover ?? 0,
    ready: isReady(state, group),
    yieldTo: yielding ? handover.target : '',
    yieldToIncarnation: yielding ? handover.targetIncarnation : ('' as Incarnation),
    eligible: whyNot === '',
    whyNot,
    hasAddress: isHere(state, group),
    serving: group.services.status === 'running',
    request: requestOf(state, group),
    answer: group.answer,
    maintenance: group.maintenance,
    cleanup: group.cleanup,
    cleanedUp: isCleanupSpreading(state, group) ? group.cleanedUp : '',
  };
}

/** Who grants nothing below what it knew before says what would be above it. */
function claimTermOf(group: GroupState): Term {
  if (group.create !== null) return group.create.record.term;
  return knowsLessThanBefore(group) ? ((group.floor + 1) as Term) : NO_TERM;
}

/** Whoever gave the order waits for this node's word, and hears it as often as he says it. */
function isCleanupSpreading(state: CoreState, { cleanedUp, config }: GroupState): boolean {
  if (cleanedUp === '') return false;
  for (const peer of state.peers.values()) {
    if (peer.up && peer.reports.get(config.name)?.cleanup?.id === cleanedUp) return true;
  }
  return false;
}

const isHolding = ({ stopping }: CoreState): boolean =>
  stopping.kind === 'holding' || (stopping.kind === 'gone' && stopping.hold);

/**
 * Everything but the address is there, and the witness answers here: without it the yield could not be taken up. An
 * exclusive group starts nothing before the leader has stopped.
 */
function isReady(state: CoreState, group: GroupState): boolean {
  if (group.prepared === null || !canLead(state, group)) return false;
  if (!hasFreshRead(state, group, group.prepared.sinceMs)) return false;
  return group.config.kind === 'exclusive' || group.services.status === 'running';
}

/**
 * What an operator asked here. From a leader: what its handover carries out, else a force for another node, asked
 * here or from afar.
 */
function requestOf(state: CoreState, group: GroupState): MoveRequest | null {
  if (group.role.kind !== 'leading') return group.request?.request ?? null;
  if (group.request?.request.kind === 'force') return group.request.request;
  const { handover } = group.role;
  if (handover !== null && handover.requestId !== '') {
    const { requestId: id, target, by, afar } = handover;
    return { id, kind: 'switchover', target, by, afar };
  }
  const asked = askedFromAfar(state, group);
  return asked?.kind === 'force' && asked.id !== group.answer?.id ? asked : null;
}
