/**
 * Owns rule 10: a planned move. The target first starts and checks everything but the address; then the leader
 * stops sending changes to EC2 and yields; the target creates the next term in its own name and moves the
 * address. Any step that fails ends with one leader that serves.
 */
import { askedFromAfar } from './afar.ts';
import { defend } from './defence.ts';
import { isDeparting } from './departure.ts';
import { peerCouldLead } from './eligibility.ts';
import { newestTerm } from './knowledge.ts';
import { inMaintenance, whyInMaintenance } from './maintenance.ts';
import { hasFailedTooOften } from './service-failures.ts';
import type { CoreState, GroupState, Handover, Leading } from './state.ts';
import {
  DEPARTURE_RETRY_MS,
  HANDOVER_RETRY_MOST_MS,
  HANDOVER_RETRY_MS,
  HOLD_DOWN_FORGET_MS,
  PREPARE_TIMEOUT_MS,
} from './timing-rules.ts';
import { due, note } from './toolbox.ts';
import type { NodeName } from './types.ts';
import { hasFreshRead, readNewest } from './witness-calls.ts';

export interface HandoverWish {
  readonly target: NodeName;
  readonly why: string;
  readonly by: string;
  readonly requestId: string;
  /** Asked in the witness. */
  readonly afar: boolean;
  /** Neither asked for nor forced: rule 15 counts it. */
  readonly optional: boolean;
}

/** Why a handover to `target` could not be begun now; '' when it could. */
export function whyNoHandover(state: CoreState, group: GroupState, target: NodeName): string {
  if (group.role.kind !== 'leading') return `${state.config.self} does not lead ${group.config.name}`;
  if (!group.config.nodes.includes(target))
    return `${target} is not one of the nodes of ${group.config.name}`;
  if (inMaintenance(group)) return whyInMaintenance(group);
  const running = group.role.handover;
  if (running !== null) return `a handover to ${running.target} is under way`;
  if (state.witness.downSinceMs !== null) {
    return 'the witness (SSM) does not answer, so a handover could not be decided safely';
  }
  if (!peerCouldLead(state, group, target)) {
    return `${target} could not lead ${group.config.name} now: it is silent, in standby, about to go or not eligible`;
  }
  return '';
}

export function beginHandover(state: CoreState, group: GroupState, role: Leading, wish: HandoverWish): void {
  group.handoverCount += 1;
  role.handover = {
    id: group.handoverCount,
    target: wish.target,
    targetIncarnation: state.peers.get(wish.target)!.incarnation!,
    why: wish.why,
    by: wish.by,
    requestId: wish.requestId,
    afar: wish.afar,
    optional: wish.optional,
    startedMs: state.nowMs,
    phase: { kind: 'preparing' },
  };
  state.heartbeat.urgent = true;
  note(state, { type: 'handover-started', group: group.config.name, to: wish.target, why: wish.why });
}

/** One turn of a handover on the leader's side. */
export function advanceHandover(
  state: CoreState,
  group: GroupState,
  role: Leading,
  authority: boolean,
): void {
  const { handover } = role;
  if (handover === null) return;
  if (handover.phase.kind === 'yielding') {
    if (handover.phase.term !== newestTerm(group)) return abandon(state, group, role, 'it did not take over');
    return takeBackYield(state, group, role, handover.phase.sinceMs);
  }
  const broken = whyBroken(state, group, handover);
  if (broken !== '') return abandon(state, group, role, broken);
  // Whether the witness answers is found out while the target gets ready, and anew when that takes long.
  const mayBeDecided = hasFreshRead(state, group, handover.startedMs - 1);
  if (!mayBeDecided) readNewest(state, group);
  if (handover.phase.kind === 'preparing') return;
  // Ready: the last checks before anything is given away.
  if (!mayBeDecided || !authority || group.create !== null || group.address.move !== null) return;
  if (group.config.kind === 'exclusive') {
    // A release that was abandoned could still land, and take the address from the next leader.
    if (group.services.mayRun || !due(state, group.address.doubtUntilMs)) return;
  }
  handover.phase = { kind: 'yielding', term: newestTerm(group), sinceMs: state.nowMs };
  state.heartbeat.urgent = true;
  note(state, { type: 'yielded', group: group.config.name, term: newestTerm(group), to: handover.target });
  due(state, state.nowMs + group.config.timings.deadtimeMs);
}

function whyBroken(state: CoreState, group: GroupState, handover: Handover): string {
  const peer = state.peers.get(handover.target);
  if (peer === undefined || peer.incarnation !== handover.targetIncarnation) return 'it restarted';
  if (!peerCouldLead(state, group, handover.target)) return 'it fell silent or is no longer eligible';
  if (state.witness.downSinceMs !== null) return 'the witness does not answer';
  if (handover.afar && askedFromAfar(state, group)?.id !== handover.requestId)
    return 'the request was withdrawn or is over';
  if (due(state, handover.startedMs + PREPARE_TIMEOUT_MS)) return 'it did not get ready in time';
  return '';
}

/** For deadtime after the first yield the target alone may act; then, nothing seen, the leader takes it back. */
function takeBackYield(state: CoreState, group: GroupState, role: Leading, sinceMs: number): void {
  if (!due(state, sinceMs + group.config.timings.deadtimeMs) || group.create !== null) return;
  defend(state, group, role, 'revoke');
}

/** The handover is over without a new leader. */
function abandon(state: CoreState, group: GroupState, role: Leading, why: string): void {
  const { handover } = role;
  if (handover === null) return;
  role.handover = null;
  state.heartbeat.urgent = true;
  if (handover.requestId === '') countFailedHandover(state, group, handover.target);
  else {
    const refusal = `${handover.target}: ${why}`;
    group.answer = { id: handover.requestId, refusal, code: 'unsafe' };
  }
  note(state, { type: 'handover-abandoned', group: group.config.name, to: handover.target, why });
}

function countFailedHandover(state: CoreState, { failedHandovers }: GroupState, target: NodeName): void {
  const before = failedHandovers.get(target);
  const isRecent = before !== undefined && state.nowMs - before.lastMs < HOLD_DOWN_FORGET_MS;
  failedHandovers.set(target, { lastMs: state.nowMs, failures: isRecent ? before.failures + 1 : 1 });
}

/**
 * An automatic handover to a node that did not take the group waits longer each time; one to another node does not
 * wait for that, and who has little time, or a service that is down, waits less.
 */
export function isWorthTrying(state: CoreState, group: GroupState, target: NodeName): boolean {
  const failed = group.failedHandovers.get(target);
  return failed === undefined || due(state, failed.lastMs + retryWaitMs(state, group, failed.failures));
}

function retryWaitMs(state: CoreState, group: GroupState, failures: number): number {
  if (isDeparting(state) || state.stopping.kind === 'leaving') return DEPARTURE_RETRY_MS;
  if (hasFailedTooOften(group)) return HANDOVER_RETRY_MS;
  return Math.min(HANDOVER_RETRY_MS * 2 ** (failures - 1), HANDOVER_RETRY_MOST_MS);
}
