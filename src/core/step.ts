/**
 * The one entry: `step(state, event)` takes in what happened, lets every group take one turn, and returns what
 * to do. Level-triggered: a turn compares what is with what should be, so an event that was missed is made up
 * for by the next. `state` is changed in place (docs/decisions/0003).
 */
import { act, considerActing } from './acting.ts';
import { isHere, onAddressReading, onMoveResult, reconcileAddress } from './address.ts';
import { closeRequest, onRequestClosed } from './afar.ts';
import { standby } from './claim.ts';
import { command, pursueCommands } from './commands.ts';
import { learnReach, trackReach } from './connectivity.ts';
import { learnDeparture } from './departure.ts';
import type { Effect } from './effects.ts';
import { trackEligibility, whyNotEligible } from './eligibility.ts';
import type { CallResult, CoreEvent } from './events.ts';
import { pursueForgets } from './forget.ts';
import { hear } from './hear.ts';
import { onInstanceCondition } from './instances.ts';
import { newestTerm } from './knowledge.ts';
import { lead } from './lead.ts';
import { sayWhenLeaderless } from './maintenance.ts';
import { pursueOrders } from './orders.ts';
import { persist } from './persist.ts';
import { reload } from './reload.ts';
import { sendHeartbeats } from './reports.ts';
import { onServicesResult, onServicesUnwell, reconcileServices } from './services.ts';
import { startUp } from './start-up.ts';
import type { CoreState, GroupState } from './state.ts';
import { due, note, peersOf } from './toolbox.ts';
import { assertNever, type Millis } from './types.ts';
import { onCreateResult, onReadResult } from './witness-calls.ts';

/** When the next `tick` is wanted at the latest, on the monotonic clock. */
export const nextWakeMs = (state: CoreState): Millis => state.wakeMs;

export function step(state: CoreState, event: CoreEvent): Effect[] {
  if (event.at.nowMs < state.nowMs) throw new Error('time ran backwards');
  state.nowMs = event.at.nowMs;
  state.ownMs = event.at.nowMs + event.at.suspendedMs;
  state.wakeMs = Number.POSITIVE_INFINITY;
  state.effects = [];
  if (state.stopping.kind === 'gone') return state.effects;
  takeIn(state, event);
  trackReach(state);
  for (const group of state.groups.values()) turn(state, group);
  pursueCommands(state);
  closeRequest(state);
  pursueOrders(state);
  pursueForgets(state);
  watchPeers(state);
  sendHeartbeats(state);
  if (state.persistDirty) persist(state);
  const { effects } = state;
  state.effects = [];
  return effects;
}

function takeIn(state: CoreState, event: CoreEvent): void {
  switch (event.type) {
    case 'tick':
      return;
    case 'message':
      return hear(state, event);
    case 'call-result':
      return onCallResult(state, event.id, event.result);
    case 'command':
      return command(state, event.command);
    case 'services-unwell': {
      const group = state.groups.get(event.group);
      if (group !== undefined) onServicesUnwell(state, group, event.unwell);
      return;
    }
    case 'local-health': {
      const group = state.groups.get(event.health.group);
      if (group !== undefined) group.ineligible = event.health.ineligible;
      return;
    }
    case 'departure':
      return learnDeparture(state, event.departure);
    case 'reach':
      return learnReach(state, event.reach);
    case 'reload':
      return reload(state, event.config);
    default:
      return assertNever(event);
  }
}

function onCallResult(state: CoreState, id: number, result: CallResult): void {
  const pending = state.calls.get(id);
  if (pending === undefined) return;
  state.calls.delete(id);
  const group = state.groups.get(pending.group);
  if (group === undefined) return;
  switch (pending.call.type) {
    case 'read-newest':
      return onReadResult(state, group, pending, result);
    case 'create-term':
    case 'read-term':
      return onCreateResult(state, group, id, result);
    case 'describe-address':
      return onAddressReading(state, group, id, pending, result);
    case 'take-address':
    case 'take-free-address':
    case 'release-address':
      return onMoveResult(state, group, id, result);
    case 'describe-instance':
      return onInstanceCondition(state, group, pending, result);
    case 'start-services':
    case 'stop-services':
    case 'check-services':
      return onServicesResult(state, group, id, result);
    case 'delete-terms':
      return;
    case 'close-request':
      return onRequestClosed(state, pending, result);
    default:
      return assertNever(pending.call);
  }
}

/**
 * One turn of a group. What a turn of its role changes (a lost authority, a finished start) the parts after it
 * see at once; what those change, the role sees in the turn that their effect's answer brings.
 */
function turn(state: CoreState, group: GroupState): void {
  trackEligibility(state, group);
  switch (group.role.kind) {
    case 'starting':
      startUp(state, group);
      break;
    case 'standby':
      standby(state, group);
      considerActing(state, group);
      break;
    case 'leading':
      lead(state, group, group.role);
      break;
    case 'acting':
      act(state, group);
      break;
  }
  reconcileServices(state, group);
  reconcileAddress(state, group);
  sayWhenServing(state, group);
  sayEligibility(state, group);
  sayWhenLeaderless(state, group);
}

/** The line that ends every change of leadership, with its phases. */
function sayWhenServing(state: CoreState, group: GroupState): void {
  const { phases, services } = group;
  if (phases === null || group.role.kind !== 'leading') return;
  if (services.status !== 'running') return;
  if (phases.servicesMs === null) phases.servicesMs = state.nowMs;
  if (!isHere(state, group) || group.address.move !== null) return;
  group.phases = null;
  group.failedHandovers.clear();
  const moveSentMs = phases.moveSentMs ?? state.nowMs;
  note(state, {
    type: 'serving',
    group: group.config.name,
    term: newestTerm(group),
    reason: phases.reason,
    detectMs: phases.decidedMs - phases.heardMs,
    claimMs: phases.wonMs - phases.decidedMs,
    moveMs: state.nowMs - moveSentMs,
    startMs: Math.max(0, phases.servicesMs - phases.wonMs),
    totalMs: state.nowMs - phases.heardMs,
  });
}

function sayEligibility(state: CoreState, group: GroupState): void {
  const reason = whyNotEligible(state, group);
  const eligible = reason === '';
  if (eligible === group.said.eligible) return;
  group.said.eligible = eligible;
  state.heartbeat.urgent = true;
  const { name } = group.config;
  note(state, eligible ? { type: 'eligible', group: name } : { type: 'ineligible', group: name, reason });
}

function watchPeers(state: CoreState): void {
  let deadtimeMs = Number.POSITIVE_INFINITY;
  for (const group of state.groups.values())
    deadtimeMs = Math.min(deadtimeMs, group.config.timings.deadtimeMs);
  for (const peer of peersOf(state)) {
    if (!peer.up || !due(state, peer.heardMs + deadtimeMs)) continue;
    peer.up = false;
    note(state, { type: 'peer-down', node: peer.name, silentMs: state.nowMs - peer.heardMs });
  }
}
