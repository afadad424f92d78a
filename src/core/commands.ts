/** Owns what an operator asked for: carried out once, answered always, forgotten when its time is over. */
import { isHere } from './address.ts';
import { forgetFailedHandovers } from './departure.ts';
import type { CommandOutcome } from './effects.ts';
import { whyNotForced } from './eligibility.ts';
import type { Command } from './events.ts';
import { forget } from './forget.ts';
import { inMaintenance } from './maintenance.ts';
import type { MoveAnswer } from './message.ts';
import { order } from './orders.ts';
import type { CoreState, GroupState, PendingCommand, Stopping } from './state.ts';
import { due, isFresh, note, wakeAt } from './toolbox.ts';
import type { NodeName } from './types.ts';

/** How long a departing node waits for its groups to be taken over and its services to be stopped. */
const LEAVE_MOST_MS = 45_000;
/** How long a planned restart waits for the peers to have heard of it. */
const HOLD_ACKNOWLEDGE_MS = 500;
/** How long a force that was asked on another node is pursued, unless it is withdrawn there before. */
const FORCE_MOST_MS = 30_000;

export function command(state: CoreState, wanted: Command): void {
  switch (wanted.type) {
    case 'move':
      return moveGroup(state, wanted);
    case 'set-drained':
      if (state.drained !== wanted.drained) {
        state.heartbeat.urgent = true;
        forgetFailedHandovers(state);
      }
      state.drained = wanted.drained;
      // Also when it is so already: the file may say otherwise, if it could not be read at the start.
      state.persistDirty = true;
      state.effects.push({ type: 'answer', id: wanted.id, outcome: { status: 'done', reason: '' } });
      return;
    case 'maintenance':
    case 'cleanup':
      return order(state, wanted);
    case 'forget':
      return forget(state, wanted);
    case 'stop':
      return beginStop(state, wanted.mode);
  }
}

function moveGroup(state: CoreState, wanted: Extract<Command, { type: 'move' }>): void {
  const group = state.groups.get(wanted.group);
  const refusal = group === undefined ? `there is no group ${wanted.group}` : whyNoMove(state, group, wanted);
  if (refusal !== '' || group === undefined) {
    const code = group !== undefined && isBusy(group, wanted) ? 'busy' : 'unsafe';
    const outcome = { status: 'refused', reason: refusal, code } as const;
    state.effects.push({ type: 'answer', id: wanted.id, outcome });
    return;
  }
  if (group.request !== null) giveUpRequest(state, group);
  const untilMs = state.nowMs + wanted.timeoutMs;
  const { id, kind, target, by } = wanted;
  state.commands.push({ id, group: wanted.group, target, untilMs });
  if (leadsAndServes(state, group, target)) return;
  if (kind === 'force' && target === state.config.self) {
    group.force = { id, by, untilMs, askedOn: target, afar: false };
  } else {
    group.request = { request: { id, kind, target, by, afar: false }, untilMs };
    state.heartbeat.urgent = true;
  }
}

/** A force takes the place of what was asked before: it is for when that does not come about. */
function giveUpRequest(state: CoreState, group: GroupState): void {
  const id = group.request!.request.id;
  group.request = null;
  state.commands = state.commands.filter((pending) => pending.id !== id);
  const reason = 'a forced failover took its place';
  const outcome = { status: 'refused', reason, code: 'unsafe' } as const;
  state.effects.push({ type: 'answer', id, outcome });
}

function whyNoMove(state: CoreState, group: GroupState, wanted: Extract<Command, { type: 'move' }>): string {
  if (!group.config.nodes.includes(wanted.target)) {
    return `${wanted.target} is not one of the nodes of ${group.config.name}: ${group.config.nodes.join(', ')}`;
  }
  if (isBusy(group, wanted)) return 'another move of this group is under way';
  if (wanted.kind === 'force' && wanted.target === state.config.self) {
    // A force overrides the peers, not this node's own brokenness.
    const why = whyNotForced(state, group);
    if (why !== '' && group.role.kind !== 'leading') return why;
  }
  if (wanted.kind === 'switchover' && group.role.kind !== 'leading') {
    const silentMs = state.nowMs - group.leaderHeardMs;
    if (silentMs >= group.config.timings.deadtimeMs) {
      return 'no leader is heard that could hand over (failover --force takes the group without one)';
    }
  }
  return '';
}

const isBusy = (group: GroupState, wanted: Extract<Command, { type: 'move' }>): boolean =>
  group.force !== null || (group.request !== null && wanted.kind !== 'force');

/** One turn of everything that was asked for and is not over. */
export function pursueCommands(state: CoreState): void {
  if (state.commands.length > 0) state.commands = state.commands.filter((pending) => !isOver(state, pending));
  for (const group of state.groups.values()) {
    const { request } = group;
    if (request !== null && (due(state, request.untilMs) || isCarriedOut(state, group))) group.request = null;
    dropWithdrawnForce(state, group);
    takeForcedRequest(state, group);
  }
  pursueStop(state);
}

function isOver(state: CoreState, pending: PendingCommand): boolean {
  const group = state.groups.get(pending.group)!;
  const answer = (outcome: CommandOutcome): boolean => {
    state.effects.push({ type: 'answer', id: pending.id, outcome });
    if (group.request?.request.id === pending.id) group.request = null;
    if (group.force?.id === pending.id) group.force = null;
    return true;
  };
  if (leadsAndServes(state, group, pending.target)) return answer({ status: 'done', reason: '' });
  const refused = refusalOf(state, group, pending.id);
  if (refused !== null) return answer({ status: 'refused', reason: refused.refusal, code: refused.code });
  if (!due(state, pending.untilMs)) return false;
  return answer({ status: 'timeout', reason: whoDidNotAnswer(state, pending.target) });
}

function isCarriedOut(state: CoreState, group: GroupState): boolean {
  const request = group.request!.request;
  return (
    leadsAndServes(state, group, request.target) ||
    refusalOf(state, group, request.id) !== null ||
    !state.commands.some((pending) => pending.id === request.id)
  );
}

/** The target leads, has the address and its services run: by its own word. */
function leadsAndServes(state: CoreState, group: GroupState, target: NodeName): boolean {
  if (target === state.config.self) {
    return group.role.kind === 'leading' && isHere(state, group) && group.services.status === 'running';
  }
  const report = state.peers.get(target)?.reports.get(group.config.name);
  return (
    report !== undefined &&
    isFresh(state, group, target) &&
    report.role === 'leading' &&
    report.term === group.newest?.term &&
    report.hasAddress &&
    report.serving
  );
}

function refusalOf(state: CoreState, group: GroupState, id: string): MoveAnswer | null {
  if (group.answer?.id === id && group.answer.refusal !== '') return group.answer;
  for (const peer of state.peers.values()) {
    const answer = peer.reports.get(group.config.name)?.answer;
    if (answer && answer.id === id && answer.refusal !== '') return answer;
  }
  return null;
}

function whoDidNotAnswer(state: CoreState, target: NodeName): string {
  const peer = state.peers.get(target);
  const silent = peer !== undefined && state.nowMs - peer.heardMs >= state.config.keepaliveMs * 10;
  return silent
    ? `${target} did not answer; nothing was changed`
    : `${target} did not take the group in time`;
}

/** A force that was asked on another node, for this one. */
function takeForcedRequest(state: CoreState, group: GroupState): void {
  if (group.force !== null || group.role.kind === 'leading' || group.create !== null) return;
  for (const peer of state.peers.values()) {
    const request = peer.reports.get(group.config.name)?.request;
    if (request?.kind !== 'force' || request.afar || request.target !== state.config.self) continue;
    if (request.id === group.forcedId || request.id === group.newest?.requestId) continue;
    if (!isFresh(state, group, peer.name)) continue;
    group.forcedId = request.id;
    const refusal = whyNotForced(state, group);
    if (refusal !== '') group.answer = { id: request.id, refusal, code: 'unsafe' };
    else {
      const untilMs = state.nowMs + FORCE_MOST_MS;
      group.force = { id: request.id, by: request.by, untilMs, askedOn: peer.name, afar: false };
      // This turn of the group is over; the next one pursues it.
      wakeAt(state, state.nowMs);
    }
  }
}

/** Who asked gave up and was told so: what comes about later would surprise him. */
function dropWithdrawnForce(state: CoreState, group: GroupState): void {
  if (group.force === null || group.force.askedOn === state.config.self) return;
  const report = state.peers.get(group.force.askedOn)?.reports.get(group.config.name);
  if (report === undefined || report.request?.id === group.force.id) return;
  group.force = null;
  // A reply that was sent before he asked looks the same: the next heartbeat tells.
  group.forcedId = '';
}

// Stopping

function beginStop(state: CoreState, mode: 'leave' | 'hold'): void {
  if (state.stopping.kind !== 'no') return;
  state.heartbeat.urgent = true;
  forgetFailedHandovers(state);
  // Nothing exclusive may run on without its daemon, so such a node leaves instead.
  const exclusive = [...state.groups.values()].some(
    ({ config, services }) =>
      config.kind === 'exclusive' && (services.mayRun || config.nodes.includes(state.config.self)),
  );
  state.stopping =
    mode === 'leave' || exclusive
      ? { kind: 'leaving', sinceMs: state.nowMs, resigned: false }
      : { kind: 'holding', sinceMs: state.nowMs, beat: state.heartbeat.beat + 1 };
}

function pursueStop(state: CoreState): void {
  const { stopping } = state;
  if (stopping.kind === 'holding') {
    const heard = [...state.peers.values()].every((peer) => !peer.up || peer.answeredBeat >= stopping.beat);
    if (heard || due(state, stopping.sinceMs + HOLD_ACKNOWLEDGE_MS))
      exit(state, 'a planned restart: the peers wait');
    return;
  }
  if (stopping.kind !== 'leaving') return;
  const leads = [...state.groups.values()].filter(
    (group) => group.role.kind === 'leading' || group.create !== null,
  );
  if (leads.length > 0) return whileLeading(state, leads, stopping);
  const toStop = [...state.groups.values()].filter((group) => hasServicesToStop(group));
  if (toStop.length === 0) return exit(state, 'left: nothing is led or run here any more');
  if (due(state, stopping.sinceMs + LEAVE_MOST_MS)) exit(state, 'left: some services are still running here');
}

function hasServicesToStop(group: GroupState): boolean {
  const { status, mayRun } = group.services;
  if (group.config.kind === 'exclusive') return mayRun;
  if (inMaintenance(group)) return false;
  if (group.config.standbyServices !== 'stopped') return false;
  return status === 'running' || status === 'stopping' || status === 'starting';
}

/** Nobody takes over: in an `address` group service and address stay where they are, an `exclusive` one stops. */
function whileLeading(
  state: CoreState,
  leads: GroupState[],
  stopping: Extract<Stopping, { kind: 'leaving' }>,
): void {
  const exclusive = leads.filter((group) => group.config.kind === 'exclusive');
  const stopMs = Math.max(0, ...exclusive.map((group) => group.config.timings.stopTimeoutMs));
  const graceMs = leads[0]!.config.timings.deadtimeMs;
  const waitMs = isHopeless(state, leads) ? graceMs : Math.max(graceMs, LEAVE_MOST_MS - stopMs);
  if (!stopping.resigned && !due(state, stopping.sinceMs + waitMs)) return;
  if (!stopping.resigned) wakeAt(state, state.nowMs);
  stopping.resigned = true;
  const running = exclusive.some((group) => group.services.mayRun);
  if (running && !due(state, stopping.sinceMs + LEAVE_MOST_MS)) return;
  const stay = leads.length > exclusive.length ? ': the service and the address stay here, unwatched' : '';
  exit(
    state,
    `nobody could take over${stay}${running ? '; a stop of exclusive services did not succeed' : ''}`,
  );
}

function isHopeless(state: CoreState, leads: GroupState[]): boolean {
  if (leads.some((group) => group.role.kind === 'leading' && group.role.handover !== null)) return false;
  if (state.witness.downSinceMs !== null) return true;
  return !leads.some((group) =>
    group.config.nodes.some((node) => {
      const peer = state.peers.get(node);
      const eligible = peer?.reports.get(group.config.name)?.eligible === true;
      return eligible && state.nowMs - peer!.heardMs < group.config.timings.deadtimeMs;
    }),
  );
}

function exit(state: CoreState, reason: string): void {
  state.stopping = { kind: 'gone', hold: state.stopping.kind === 'holding' };
  note(state, { type: 'leaving', reason });
  state.effects.push({ type: 'exit', code: 0, reason });
}
