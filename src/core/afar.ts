/**
 * Owns rule 11 from afar: what an operator wrote into the witness. Who acts on it (the leader of a switchover, the
 * target of a force) has read it itself, in one reading with the newest term; heartbeats only say that it is there.
 * A record names the requests that it and those before it carried out, and the next term is created over a record
 * that was read, so that a request happens once, whatever restarts and however old a reading is.
 */
import { isHere } from './address.ts';
import type { AfarRequest, RequestReading, RequestVerdict } from './afar-state.ts';
import { whyNotForced } from './eligibility.ts';
import type { CallResult } from './events.ts';
import { knowsLessThanBefore } from './knowledge.ts';
import type { MoveRequest } from './message.ts';
import type { CoreState, GroupState, PendingCall } from './state.ts';
import { LEAST_CLOCK_RATE } from './timing-rules.ts';
import { call, due, isFresh, jittered, note, wakeAt } from './toolbox.ts';

const CLOSE_RETRY_MS = 5_000;

/** A reading of the newest term showed this beside it. */
export function takeRequest(state: CoreState, pending: PendingCall, reading: RequestReading): void {
  const { afar } = state;
  if (pending.begunMs < afar.begunMs) return;
  afar.begunMs = pending.begunMs;
  const nonsense = whyNonsense(state, reading);
  if (nonsense !== '' && nonsense !== afar.nonsense)
    note(state, { type: 'request-ignored', reason: nonsense });
  if (nonsense !== '') afar.nonsense = nonsense;
  afar.request = reading.status === 'pending' && nonsense === '' ? reading.request : null;
  if (afar.request === null) return;
  afar.untilOwnMs = pending.begunOwnMs + afar.request.leftMs * LEAST_CLOCK_RATE;
  const { id, group, kind, target, by } = afar.request;
  if (id === afar.heardId || isCarriedOut(state.groups.get(group)!, id)) return;
  afar.heardId = id;
  note(state, { type: 'request-heard', group, kind, to: target, by });
}

function whyNonsense(state: CoreState, reading: RequestReading): string {
  if (reading.status === 'nonsense') return reading.reason;
  if (reading.status === 'none') return '';
  const { group: name, target } = reading.request;
  const group = state.groups.get(name);
  if (group === undefined) return `there is no group ${name}`;
  return group.config.nodes.includes(target) ? '' : `${target} is not one of the nodes of ${name}`;
}

/** What is asked of this group from afar, is not over and was not carried out. */
export function askedFromAfar(state: CoreState, group: GroupState): MoveRequest | null {
  const { request, untilOwnMs } = state.afar;
  if (request === null || request.group !== group.config.name || state.ownMs >= untilOwnMs) return null;
  if (mayBeCarriedOut(group, request.id)) return null;
  const { id, kind, target, by } = request;
  return { id, kind, target, by, afar: true };
}

/** As long as the newest record was not read, it may name this very request. */
function mayBeCarriedOut(group: GroupState, id: string): boolean {
  if (knowsLessThanBefore(group) || isCarriedOut(group, id)) return true;
  return group.newest !== null && !group.newest.recordRead;
}

const isCarriedOut = (group: GroupState, id: string): boolean => group.carriedOut.includes(id);

/** The force that this node is asked from afar: begun, kept or, being over or withdrawn, dropped. */
export function followForceFromAfar(state: CoreState, group: GroupState): void {
  const asked = askedFromAfar(state, group);
  if (group.force?.afar && group.force.id !== asked?.id) group.force = null;
  if (group.force?.afar) wakeAt(state, state.nowMs + (state.afar.untilOwnMs - state.ownMs));
  if (asked?.kind !== 'force' || asked.target !== state.config.self || group.force !== null) return;
  if (group.answer?.id === asked.id) return;
  const refusal = whyNotForced(state, group);
  if (refusal !== '') {
    group.answer = { id: asked.id, refusal, code: 'unsafe' };
    return;
  }
  const untilMs = Number.POSITIVE_INFINITY;
  group.force = { id: asked.id, by: asked.by, untilMs, askedOn: state.config.self, afar: true };
}

/**
 * The leader speaks of a request for this node, which has not read it: to be looked for, at once for the first
 * time, since a yield does not last long.
 */
export function isToBeLookedFor(state: CoreState, group: GroupState): 'now' | 'again' | 'no' {
  const leader = state.peers.get(group.newest?.owner ?? '');
  const request = leader?.reports.get(group.config.name)?.request;
  if (!request?.afar || request.target !== state.config.self || !isFresh(state, group, leader!.name))
    return 'no';
  if (askedFromAfar(state, group)?.id === request.id || isCarriedOut(group, request.id)) return 'no';
  if (state.afar.noticedId === request.id) return 'again';
  state.afar.noticedId = request.id;
  return 'now';
}

/** A force in an `exclusive` group needs the leader's end, and one that lives and cannot be told does not end. */
export function refuseForceInPartition(state: CoreState, group: GroupState): void {
  if (group.config.kind !== 'exclusive') return;
  const asked = askedFromAfar(state, group);
  if (asked?.kind !== 'force' || asked.target === state.config.self || group.answer?.id === asked.id) return;
  const silentMs = state.nowMs - state.peers.get(asked.target)!.heardMs;
  if (silentMs < group.config.timings.deadtimeMs) return;
  const refusal = `${state.config.self} leads ${group.config.name} and does not hear ${asked.target}`;
  group.answer = { id: asked.id, refusal, code: 'unsafe' };
}

/** Writes beside the request what became of it: again and again until it is read, since nothing hangs on it. */
export function closeRequest(state: CoreState): void {
  const { request, untilOwnMs, closing } = state.afar;
  if (request === null || state.ownMs >= untilOwnMs || closing.callId !== null) return;
  const group = state.groups.get(request.group)!;
  const verdict = verdictOf(state, group, request);
  if (verdict === null || !due(state, closing.retryMs)) return;
  closing.callId = call(state, group, { type: 'close-request', requestId: request.id, verdict });
}

function verdictOf(state: CoreState, group: GroupState, request: AfarRequest): RequestVerdict | null {
  const by = state.config.self;
  const { answer } = group;
  if (answer?.id === request.id && answer.refusal !== '')
    return { status: 'refused', reason: answer.refusal, by };
  if (group.role.kind !== 'leading') return null;
  if (request.target === by) {
    const serves = isHere(state, group) && group.services.status === 'running';
    return serves ? { status: 'done', reason: '', by } : null;
  }
  if (!isCarriedOut(group, request.id)) return null;
  return { status: 'refused', reason: `${request.target} led, and leads no longer`, by };
}

export function onRequestClosed(state: CoreState, pending: PendingCall, result: CallResult): void {
  const { afar } = state;
  afar.closing = { callId: null, retryMs: state.nowMs + jittered(state, CLOSE_RETRY_MS) };
  if (result.type !== 'request-closed' || pending.call.type !== 'close-request') return;
  if (afar.request?.id === pending.call.requestId) afar.request = null;
  if (pending.call.requestId === afar.answeredId) return;
  afar.answeredId = pending.call.requestId;
  const { status, reason } = pending.call.verdict;
  note(state, { type: 'request-answered', group: pending.group, status, reason });
}
