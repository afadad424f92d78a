/**
 * Owns rule 14 and the running of the group's services: what should run is derived from the role at every turn,
 * and a healthy service under the address is never stopped by a failover (S7).
 */

import { isHere } from './address.ts';
import { authorityUntil } from './authority.ts';
import { canLead } from './eligibility.ts';
import type { CallResult, UnwellResource } from './events.ts';
import { inMaintenance } from './maintenance.ts';
import {
  backoffMs,
  countFailure,
  forgetOldFailures,
  hasFailedTooOften,
  WHOLE_GROUP,
} from './service-failures.ts';
import { hasTimeToAdopt, mayYetAdopt } from './start-up.ts';
import type { CoreState, GroupState } from './state.ts';
import { isSuspect } from './suspicion.ts';
import { SERVICES_CHECK_MS, SETTLE_MS } from './timing-rules.ts';
import { call, due, note, wakeAt } from './toolbox.ts';

/** `keep`: neither start nor stop. */
type Wanted = 'running' | 'stopped' | 'keep';

const START_RETRY_MS = 2_000;

export function reconcileServices(state: CoreState, group: GroupState): void {
  const { services } = group;
  if (isOthersBusiness(state, group)) return;
  forgetOldFailures(state, group);
  const wanted =
    group.config.kind === 'exclusive' ? wantedExclusive(state, group) : wantedAddress(state, group);
  if (group.config.kind === 'exclusive' && wanted === 'stopped') return stopForSure(state, group);
  if (services.callId !== null) return;
  if (inMaintenance(group)) return onlyWatch(state, group);
  switch (services.status) {
    case 'unknown':
      if (due(state, services.retryMs)) check(state, group);
      return;
    case 'running':
      if (wanted === 'stopped') return stop(state, group);
      if (wanted === 'running' && due(state, services.checkedMs + SERVICES_CHECK_MS)) check(state, group);
      return;
    case 'stopped':
      if (wanted === 'running' && due(state, services.retryMs)) start(state, group);
      return;
    case 'failed':
      // Who leads goes on trying: a service that is down helps nobody.
      if (due(state, services.retryMs)) wanted === 'running' ? start(state, group) : check(state, group);
      return;
    case 'starting':
    case 'stopping':
      return;
  }
}

/**
 * What runs under the same name on a node that the group does not list is another's. A service that this node started
 * when it was listed is still to be stopped.
 */
const isOthersBusiness = (state: CoreState, { config, role, services }: GroupState): boolean =>
  config.kind === 'exclusive' &&
  !config.nodes.includes(state.config.self) &&
  role.kind !== 'leading' &&
  !services.mayRun;

/** Operators may start and stop what they like: it is seen and told. */
function onlyWatch(state: CoreState, group: GroupState): void {
  const { status, retryMs, checkedMs } = group.services;
  if (due(state, status === 'unknown' ? retryMs : checkedMs + SERVICES_CHECK_MS)) check(state, group);
}

/**
 * Never twice: a start or check that hangs must not hold up the stop (the newer call takes its place), and neither
 * a start that failed nor a check that found less than all says that nothing runs.
 */
function stopForSure(state: CoreState, group: GroupState): void {
  const { services } = group;
  if (services.status === 'stopping') return;
  if (services.mayRun) {
    // Only after a stop that failed is there a reason to wait.
    if (services.status !== 'unknown' || due(state, services.retryMs)) stop(state, group);
  } else if (services.status === 'failed' && services.callId === null && due(state, services.retryMs)) {
    check(state, group);
  }
}

function wantedAddress(state: CoreState, group: GroupState): Wanted {
  switch (group.role.kind) {
    case 'leading':
    case 'acting':
      return 'running';
    case 'starting':
      return 'keep';
    case 'standby':
      break;
  }
  // Other groups' services are none of this node's business.
  if (!group.config.nodes.includes(state.config.self)) return 'keep';
  if (group.config.standbyServices === 'warm') return 'running';
  if (group.prepared !== null || group.force !== null || group.create !== null) return 'running';
  if (canLead(state, group) && isSuspect(state, group)) return 'running';
  return maySettle(state, group) ? 'stopped' : 'keep';
}

/** Rule 14: a reading begun well after the last change shows the address elsewhere, all of it. */
function maySettle(state: CoreState, group: GroupState): boolean {
  const { address, services } = group;
  if (services.status !== 'running' || address.move !== null) return false;
  if (address.holder === null || address.holder.kind === 'free' || isHere(state, group)) return false;
  if (address.partlyHere) return false;
  const changedMs = Math.max(
    group.steppedDownMs,
    services.startedMs,
    address.own?.atMs ?? Number.NEGATIVE_INFINITY,
  );
  return address.begunMs >= changedMs + SETTLE_MS;
}

/** Never twice: only with authority that lasts longer than stopping takes. */
function wantedExclusive(state: CoreState, group: GroupState): Wanted {
  // What an earlier incarnation left running is not interrupted while the term may still be this node's own.
  if (mayYetAdopt(state, group) && hasTimeToAdopt(state, group)) return 'keep';
  if (group.role.kind !== 'leading') return 'stopped';
  if (state.stopping.kind === 'leaving' && state.stopping.resigned) return 'stopped';
  if (group.role.handover?.phase.kind === 'ready' || group.role.handover?.phase.kind === 'yielding')
    return 'stopped';
  const lastsMs = authorityUntil(state, group) - state.ownMs - stopTimeoutMs(state, group);
  if (lastsMs <= 0) return 'stopped';
  wakeAt(state, state.nowMs + lastsMs);
  return 'running';
}

/** As long as grants of before a reload count, which are shorter, a stop may take no longer than it could then. */
function stopTimeoutMs(state: CoreState, { config, shorterGrants }: GroupState): number {
  const { untilOwnMs, deadtimeMs } = shorterGrants;
  const { stopTimeoutMs: nowMs } = config.timings;
  return state.ownMs - untilOwnMs < deadtimeMs ? Math.min(nowMs, shorterGrants.stopTimeoutMs) : nowMs;
}

function start(state: CoreState, group: GroupState): void {
  group.services.status = 'starting';
  group.services.mayRun = true;
  group.services.callId = call(state, group, { type: 'start-services' });
}

function stop(state: CoreState, group: GroupState): void {
  group.services.status = 'stopping';
  group.services.callId = call(state, group, { type: 'stop-services' });
}

function check(state: CoreState, group: GroupState): void {
  group.services.callId = call(state, group, { type: 'check-services' });
}

export function onServicesResult(state: CoreState, group: GroupState, id: number, result: CallResult): void {
  const { services } = group;
  if (services.callId !== id) return;
  services.callId = null;
  services.checkedMs = state.nowMs;
  switch (result.type) {
    case 'services-started':
      return running(state, group);
    case 'services-stopped':
      services.status = 'stopped';
      services.mayRun = false;
      // That they are stopped does not mend them.
      if (hasFailedTooOften(group)) waitBeforeRetry(state, group, START_RETRY_MS);
      note(state, { type: 'services-stopped', group: group.config.name, why: group.role.kind });
      return;
    case 'services-state':
      return onState(state, group, result.running, result.unwell ?? null);
    case 'services-failed':
      return onFailed(state, group, result.reason, result.resource ?? WHOLE_GROUP);
    default:
      return onFailed(state, group, result.type === 'failed' ? result.reason : result.type, WHOLE_GROUP);
  }
}

function running(state: CoreState, group: GroupState): void {
  const { services } = group;
  services.status = 'running';
  services.startedMs = state.nowMs;
  if (!hasFailedTooOften(group)) services.reason = '';
  state.heartbeat.urgent = true;
  note(state, { type: 'services-started', group: group.config.name, why: group.role.kind });
}

function onState(
  state: CoreState,
  group: GroupState,
  isRunning: boolean,
  unwell: UnwellResource | null,
): void {
  const { services } = group;
  const before = services.status;
  wakeAt(state, state.nowMs);
  if (before === 'running' && !isRunning) return onEnded(state, group, unwell ?? UNNAMED);
  services.status = isRunning ? 'running' : 'stopped';
  if (isRunning) services.mayRun = true;
  services.retryMs = state.nowMs;
  if (isRunning && before !== 'running') services.startedMs = state.nowMs;
  if (!hasFailedTooOften(group)) services.reason = '';
}

/** The word of a monitor, ahead of the next check: it is acted upon in this very step. */
export function onServicesUnwell(state: CoreState, group: GroupState, unwell: UnwellResource): void {
  const { services } = group;
  // What is being started or stopped, or is known to be down, is seen to already.
  if (services.status !== 'running') return;
  // A check that hangs must not hold up the restart.
  services.callId = null;
  services.checkedMs = state.nowMs;
  onEnded(state, group, unwell);
}

const UNNAMED: UnwellResource = { resource: WHOLE_GROUP, reason: 'a check found its services down' };

/** They are started again at once; a node on which that goes on and on could not lead as well as another. */
function onEnded(state: CoreState, group: GroupState, { resource, reason }: UnwellResource): void {
  const { services } = group;
  services.status = 'stopped';
  services.reason = reason;
  state.heartbeat.urgent = true;
  note(state, { type: 'services-failed', group: group.config.name, reason });
  if (inMaintenance(group)) return;
  countFailure(state, group, resource, reason);
  waitBeforeRetry(state, group, 0);
}

function onFailed(state: CoreState, group: GroupState, reason: string, resource: number): void {
  const { services } = group;
  const before = services.status;
  // What a failed check says is not known: a monitor that cannot run is not a failed service.
  if (before === 'running') return;
  services.reason = reason;
  if (before === 'stopping') {
    services.status = 'unknown';
    services.retryMs = state.nowMs + START_RETRY_MS;
    wakeAt(state, services.retryMs);
  } else if (before === 'starting') {
    services.status = 'stopped';
    if (!inMaintenance(group)) countFailure(state, group, resource, reason);
    waitBeforeRetry(state, group, START_RETRY_MS);
  } else {
    // To start what runs already does no harm, and its answer will be known.
    if (before === 'unknown') services.status = 'stopped';
    waitBeforeRetry(state, group, START_RETRY_MS);
  }
  note(state, { type: 'services-failed', group: group.config.name, reason });
}

function waitBeforeRetry(state: CoreState, group: GroupState, leastMs: number): void {
  const { services } = group;
  if (hasFailedTooOften(group)) services.status = 'failed';
  services.retryMs = state.nowMs + Math.max(leastMs, backoffMs(group));
  wakeAt(state, services.retryMs);
}
