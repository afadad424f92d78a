/**
 * Owns rule 5: when a standby may claim. A claim evicts a leader if that one lives, so it needs every promise to
 * be over, the witness's word that nobody came before, and a way to EC2 that works: winning a leadership that
 * cannot be used would only do harm.
 */
import { lookAtAddress } from './address.ts';
import { askedFromAfar, followForceFromAfar, isToBeLookedFor } from './afar.ts';
import { takeoversOfLate, takeoverWaitMs } from './damping.ts';
import { goesSooner } from './departure.ts';
import { canLead } from './eligibility.ts';
import { knowsLessThanBefore, newestTerm } from './knowledge.ts';
import { inMaintenance } from './maintenance.ts';
import { whyOutside } from './members.ts';
import type { CoreState, GroupState } from './state.ts';
import { isSuspect } from './suspicion.ts';
import {
  LEASE_CAP_ABSENT_MS,
  RANK_STEP_MS,
  WITNESS_LOOK_LEADERLESS_MS,
  WITNESS_LOOK_MS,
  waitFor,
} from './timing-rules.ts';
import { due, note } from './toolbox.ts';
import type { Millis, NodeName } from './types.ts';
import {
  createNext,
  hasFreshRead,
  lookAtWitness,
  mayCreate,
  pursueCreate,
  readNewest,
} from './witness-calls.ts';

const UNASKED = { requestId: '', requestedBy: '' };
/** A create whose outcome stays unknown is insisted upon after this many deadtimes, leader or not. */
const INSIST_AFTER_DEADTIMES = 5;

/** One turn of a standby. */
export function standby(state: CoreState, group: GroupState): void {
  const suspect = isSuspect(state, group);
  const outside = whyOutside(state, group) !== '';
  if (suspect) lookAtWitness(state, group, outside ? WITNESS_LOOK_MS : WITNESS_LOOK_LEADERLESS_MS);
  // A term that came since may have taken this node in.
  if (outside && group.newest?.recordRead === false) readNewest(state, group);
  // While it fails it is asked all the time: the wait after the last failure is to begin when the witness returns.
  if (suspect && group.read.failedMs > group.read.okBegunMs) readNewest(state, group);
  if (group.create !== null) {
    pursueCreate(state, group, mayInsist(state, group));
    return;
  }
  if (inMaintenance(group)) return;
  lookForRequest(state, group);
  // Before it says that it is ready.
  if (group.prepared !== null && !hasFreshRead(state, group, group.prepared.sinceMs))
    readNewest(state, group);
  followForceFromAfar(state, group);
  if (takeUpYield(state, group)) return;
  if (pursueForce(state, group)) return;
  if (!suspect) return;
  // At warntime, so that nothing but the wait for deadtime is left to do.
  if (group.read.okBegunMs <= group.leaderHeardMs) readNewest(state, group);
  if (group.address.okBegunMs <= group.leaderHeardMs) lookAtAddress(state, group);
  claimAfterSilence(state, group);
}

/** What the leader speaks of is read by who is to carry it out. */
function lookForRequest(state: CoreState, group: GroupState): void {
  const wanted = isToBeLookedFor(state, group);
  if (wanted === 'now') readNewest(state, group);
  else if (wanted === 'again') lookAtWitness(state, group, WITNESS_LOOK_LEADERLESS_MS);
}

function claimAfterSilence(state: CoreState, group: GroupState): void {
  const extraMs = takeoverWaitMs(group, state.nowMs);
  if (extraMs > 0) sayDelay(state, group, extraMs);
  if (!waitsAreOver(state, group, extraMs)) return;
  if (!worksTowardsEc2(state, group)) return;
  if (!mayCreate(state, group, group.leaderHeardMs)) return;
  createNext(state, group, newestTerm(group) === 0 ? 'first' : 'takeover', UNASKED);
}

/** Rule 15's alarm, once in each silence. */
function sayDelay(state: CoreState, group: GroupState, waitMs: number): void {
  if (group.takeoverDelaySaidMs >= group.leaderHeardMs || !canLead(state, group)) return;
  if (!due(state, group.leaderHeardMs + waitFor(group.config.timings.deadtimeMs))) return;
  group.takeoverDelaySaidMs = state.nowMs;
  const takeovers = takeoversOfLate(group, state.nowMs);
  note(state, { type: 'takeover-delayed', group: group.config.name, takeovers, waitMs });
}

/** Every wait that a claim without anybody's leave needs. Asks to be woken when the next one ends. */
export function waitsAreOver(state: CoreState, group: GroupState, extraMs: number): boolean {
  const { deadtimeMs } = group.config.timings;
  if (!canLead(state, group)) return false;
  const leaseUntil = leaseEndsMs(state, group);
  // An unknown lease is in the record: read it first.
  if (leaseUntil === null) {
    if (!hasFreshRead(state, group, group.leaderHeardMs)) readNewest(state, group);
    return false;
  }
  const untilMs = Math.max(
    group.promiseUntilMs,
    group.leaderHeardMs + waitFor(deadtimeMs),
    group.holdUntilMs,
    restartEndsMs(group),
    leaseUntil,
    // A term that was learned just now is a sign of life of its owner.
    group.newest === null ? Number.NEGATIVE_INFINITY : group.newest.learnedMs + waitFor(deadtimeMs),
    // So that a witness that comes back hears the leader first.
    group.read.failedMs + deadtimeMs,
  );
  // Nobody misses a group that never had a leader: time enough for the preferred node to be the first.
  const stepMs = group.newest === null ? deadtimeMs : RANK_STEP_MS;
  return due(state, untilMs + rankOf(state, group) * stepMs + extraMs);
}

/** When the newest term's lease stops binding this node; -Infinity: it does not; null: not known. */
export function leaseEndsMs(state: CoreState, group: GroupState): Millis | null {
  const newestMs = newestLeaseEndsMs(group);
  // A term that only the state file names may bind this node for as long as any lease does.
  if (newestMs === null || !knowsLessThanBefore(group)) return newestMs;
  return Math.max(newestMs, state.startedMs + waitFor(LEASE_CAP_ABSENT_MS));
}

function newestLeaseEndsMs({ newest }: GroupState): Millis | null {
  if (newest === null || newest.renounced) return Number.NEGATIVE_INFINITY;
  if (newest.leaseMs === null) return null;
  return newest.leaseMs === 0 ? Number.NEGATIVE_INFINITY : newest.learnedMs + waitFor(newest.leaseMs);
}

/** A restarting owner is waited for while it can be heard, at most initdead. */
export function restartEndsMs(group: GroupState): Millis {
  const { restart } = group;
  if (restart === null) return Number.NEGATIVE_INFINITY;
  return Math.min(restart.untilMs, restart.heardMs + waitFor(group.config.timings.deadtimeMs));
}

/** This node's place among those who could claim: the owner that fell silent and dead nodes do not count. */
export function rankOf(state: CoreState, group: GroupState): number {
  const { timings } = group.config;
  const nodes = preferenceOf(group);
  const place = nodes.indexOf(state.config.self);
  let rank = 0;
  nodes.forEach((node, index) => {
    const peer = state.peers.get(node);
    if (peer === undefined || peer.drained || !peer.reports.get(group.config.name)?.eligible) return;
    if (state.nowMs - peer.heardMs >= timings.deadtimeMs) return;
    // A machine that is about to go comes last, but it does come.
    const sooner = goesSooner(state, peer);
    if (sooner < 0 || (sooner === 0 && index < place)) rank += 1;
  });
  return rank;
}

/** A group that never had a leader begins where its address is: it need not be moved. */
function preferenceOf(group: GroupState): readonly NodeName[] {
  const { nodes } = group.config;
  const { holder } = group.address;
  if (group.newest !== null || holder?.kind !== 'node' || !nodes.includes(holder.node)) return nodes;
  return [holder.node, ...nodes.filter((node) => node !== holder.node)];
}

/** EC2 answered during this silence: this node's own uplink works, and it could move the address. */
function worksTowardsEc2(state: CoreState, group: GroupState): boolean {
  if (group.address.okBegunMs > group.leaderHeardMs && group.address.failedMs < group.address.okBegunMs) {
    return true;
  }
  lookAtAddress(state, group);
  return false;
}

/** An undecided create may be sent again only while it could be begun anew, or when it blocks everything. */
function mayInsist(state: CoreState, group: GroupState): boolean {
  const attempt = group.create;
  if (attempt === null || inMaintenance(group)) return false;
  if (group.force !== null) return true;
  // What this node could not begin any more it must not win either: it would lead what it cannot use.
  if (!canLead(state, group)) return false;
  if (group.waiver !== null) return true;
  const { deadtimeMs } = group.config.timings;
  if (state.nowMs - group.leaderHeardMs >= waitFor(deadtimeMs)) return true;
  return state.nowMs - attempt.firstSentMs >= INSIST_AFTER_DEADTIMES * deadtimeMs;
}

/** Rule 10: the leader yielded to this node, for the next term only; a read is still needed. */
function takeUpYield(state: CoreState, group: GroupState): boolean {
  if (group.waiver === null || group.waiver !== newestTerm(group)) return false;
  // What has broken here since it was ready would leave the group with a leader that cannot use it.
  if (!canLead(state, group)) return false;
  const report = state.peers.get(group.newest!.owner)?.reports.get(group.config.name);
  const spokenOf = report?.request ?? null;
  // A force for another node may be pending there beside a handover that nobody asked for.
  const isThis = spokenOf?.kind === 'switchover' && spokenOf.target === state.config.self;
  const request = isThis ? spokenOf : null;
  // Withdrawn or over since the leader read it: then the leader takes the yield back.
  if (request?.afar && askedFromAfar(state, group)?.id !== request.id) return false;
  if (!mayCreate(state, group, Number.NEGATIVE_INFINITY)) return true;
  createNext(
    state,
    group,
    'switchover',
    request === null ? UNASKED : { requestId: request.id, requestedBy: request.by },
  );
  return true;
}

/** Rule 11: an operator forced the group to this node. It tries until it leads or the request expires. */
function pursueForce(state: CoreState, group: GroupState): boolean {
  const { force } = group;
  if (force === null) return false;
  if (state.nowMs >= force.untilMs) {
    group.force = null;
    return false;
  }
  if (group.config.kind === 'exclusive' && !waitsAreOver(state, group, 0)) return true;
  if (!mayCreate(state, group, Number.NEGATIVE_INFINITY)) return true;
  createNext(state, group, 'forced', { requestId: force.id, requestedBy: force.by });
  return true;
}
