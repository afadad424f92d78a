/**
 * Owns rule 12 for the address: compare what EC2 says with what should be, always, and correct it. One reading
 * proves nothing (EC2's descriptions are eventually consistent), an error is never a reading, and a move never
 * waits for a reading that is on its way.
 */

import { type AddressState, isHolder, type MoveKind } from './address-state.ts';
import { holdsAuthority } from './authority.ts';
import type { CallResult } from './events.ts';
import { freshWord, isGone, lookAtInstance } from './instances.ts';
import { inMaintenance } from './maintenance.ts';
import type { CoreState, GroupState, PendingCall } from './state.ts';
import {
  DESCRIBE_STALENESS_MS,
  FOREIGN_RESTORE_MS,
  INSTANCE_WORD_MS,
  LOOK_AFTER_FAILURE_LEADERLESS_MS,
  LOOK_AFTER_FAILURE_MS,
  LOOK_AFTER_MOVE_FOR_MS,
  LOOK_AFTER_MOVE_MS,
  LOOK_SLOW_MS,
  LOOK_UNACKNOWLEDGED_FOR_MS,
  LOOK_UNACKNOWLEDGED_MS,
  SETTLE_MS,
} from './timing-rules.ts';
import { call, due, jittered, nextLook, note, wakeAt } from './toolbox.ts';
import type { AddressHolder, CallFailure } from './types.ts';
import { hasFreshRead, readNewest } from './witness-calls.ts';

/** The last moves, each of as many as 32 addresses. */
const SUPERSEDED_MOST = 64;
/** After a move that failed: this long, doubling with each failure on end. */
const RETRY_FIRST_MS = 250;
/** What EC2 refused is asked less often: its limits are shared with the whole account. */
const RETRY_REFUSED_MS = 1_000;
/** An API that comes back is used soon. */
const RETRY_MOST_MS = 2_000;

export const isHere = (state: CoreState, group: GroupState): boolean =>
  isHolder(group.address.holder, state.config.self);

/** Begins a reading unless one is on its way. */
export function lookAtAddress(state: CoreState, group: GroupState): void {
  const { address } = group;
  if (address.readingId !== null) return;
  // After a failure not at once again: EC2's throttle is shared with the whole account.
  if (address.failedMs > address.okBegunMs && !due(state, address.failedMs + lookEveryMs(state, group)))
    return;
  address.readingId = call(state, group, { type: 'describe-address' });
  address.nextLookMs = nextLook(state, lookEveryMs(state, group));
}

/** One turn: looks when a look is due, then corrects. */
export function reconcileAddress(state: CoreState, group: GroupState): void {
  const { address } = group;
  const everyMs = lookEveryMs(state, group);
  if (address.nextLookMs > state.nowMs + everyMs * 1.2) address.nextLookMs = state.nowMs + everyMs;
  if (address.move !== null && address.move.callId === null)
    lookAfterUnknownMove(state, group, address.move.tellingId);
  else if (due(state, address.nextLookMs)) lookAtAddress(state, group);
  if (address.move !== null || inMaintenance(group)) return;
  if (group.role.kind === 'leading') moveAsLeader(state, group);
  else if (group.role.kind === 'acting') moveAsActing(state, group);
}

function lookAfterUnknownMove(state: CoreState, group: GroupState, tellingId: number): void {
  const { address } = group;
  // A reading begun before the deadline cannot tell what became of the move.
  if (address.readingId !== null && address.readingId < tellingId) address.readingId = null;
  lookAtAddress(state, group);
}

function lookEveryMs(state: CoreState, group: GroupState): number {
  const { address, role } = group;
  const failing = address.failedMs > address.okBegunMs;
  const leaderless =
    role.kind !== 'leading' && state.nowMs - group.leaderHeardMs >= group.config.timings.warntimeMs;
  if (failing) return leaderless ? LOOK_AFTER_FAILURE_LEADERLESS_MS : LOOK_AFTER_FAILURE_MS;
  if (role.kind === 'acting') return LOOK_UNACKNOWLEDGED_MS;
  if (role.kind !== 'leading') {
    if (leaderless) return LOOK_UNACKNOWLEDGED_MS;
    // A service that may have to be stopped needs a reading for it (rule 14).
    return mayHaveToStop(group) ? SETTLE_MS / 4 : LOOK_SLOW_MS;
  }
  const changedMs = Math.max(role.sinceMs, address.own?.atMs ?? Number.NEGATIVE_INFINITY);
  if (state.nowMs - changedMs < LOOK_AFTER_MOVE_FOR_MS) return LOOK_AFTER_MOVE_MS;
  if (!role.predecessorAcknowledged && state.nowMs - role.sinceMs < LOOK_UNACKNOWLEDGED_FOR_MS) {
    return LOOK_UNACKNOWLEDGED_MS;
  }
  return LOOK_SLOW_MS;
}

const mayHaveToStop = (group: GroupState): boolean =>
  group.config.standbyServices === 'stopped' &&
  group.services.status === 'running' &&
  group.prepared === null;

// Moving

function moveAsLeader(state: CoreState, group: GroupState): void {
  const { address } = group;
  if (isHere(state, group) || group.services.status !== 'running') return;
  if (!holdsAuthority(state, group) || !due(state, address.retryMs)) return;
  if (address.holder === null) return lookAtAddress(state, group);
  if (
    address.holder.kind === 'foreign' &&
    !mayTakeFromForeign(state, group, address.holder.networkInterfaceId)
  ) {
    return;
  }
  // Before restoring an address that had come already: is this node still the newest leader?
  const restoring = group.phases === null;
  if (restoring && state.witness.downSinceMs === null && !hasFreshRead(state, group, address.begunMs)) {
    return readNewest(state, group);
  }
  if (restoring) sayElsewhere(state, group, address.holder);
  if (address.holder.kind === 'foreign') address.foreignRestoredMs = state.nowMs;
  if (group.config.kind === 'address') return move(state, group, 'take');
  move(state, group, address.holder.kind === 'free' ? 'take-free' : 'release');
}

/** Rule 18: a takeover never takes it from a stranger; a leader that lost it by hand restores it once a day. */
function mayTakeFromForeign(state: CoreState, group: GroupState, networkInterfaceId: string): boolean {
  const { address, phases } = group;
  if (phases !== null && phases.reason === 'forced') return true;
  if (phases === null && state.nowMs - address.foreignRestoredMs >= FOREIGN_RESTORE_MS) return true;
  complain(state, group, `it is on the foreign interface ${networkInterfaceId}, from which it is not taken`);
  return false;
}

/** Rule 16: on EC2's word alone, and never from a running instance. */
function moveAsActing(state: CoreState, group: GroupState): void {
  const { address } = group;
  if (isHere(state, group) || group.services.status !== 'running' || !due(state, address.retryMs)) return;
  const { holder } = address;
  if (holder === null || holder.kind === 'foreign') return;
  if (holder.kind === 'free') return move(state, group, 'take-free');
  // What EC2 said of it when the acting began may be over: the word must be of now.
  if (isGone(freshWord(state, group, holder.node))) move(state, group, 'release');
  else lookAtInstance(state, group, holder.node, INSTANCE_WORD_MS);
}

function move(state: CoreState, group: GroupState, kind: MoveKind): void {
  const { address } = group;
  if (group.phases !== null && group.phases.moveSentMs === null) group.phases.moveSentMs = state.nowMs;
  address.move = {
    kind,
    begunMs: state.nowMs,
    endsAssociationId: address.associationId,
    tellingId: 0,
    callId: null,
  };
  switch (kind) {
    case 'take':
      address.move.callId = call(state, group, { type: 'take-address' });
      return;
    case 'take-free':
      address.move.callId = call(state, group, { type: 'take-free-address' });
      return;
    case 'release':
      address.move.callId = call(state, group, {
        type: 'release-address',
        associationId: address.associationId,
      });
  }
}

export function onMoveResult(state: CoreState, group: GroupState, id: number, result: CallResult): void {
  const { address } = group;
  if (address.move === null || address.move.callId !== id) return;
  switch (result.type) {
    case 'address-moved':
      supersede(address);
      address.move = null;
      return believeOwn(state, group, result.associationId);
    case 'address-released':
      supersede(address);
      address.move = null;
      address.holder = { kind: 'free' };
      address.associationId = '';
      address.begunMs = state.nowMs;
      return;
    case 'address-taken':
      address.move = null;
      address.retryMs = state.nowMs + RETRY_FIRST_MS;
      address.nextLookMs = state.nowMs;
      wakeAt(state, state.nowMs);
      return;
    default:
      return onMoveFailed(state, group, address, result);
  }
}

function onMoveFailed(state: CoreState, group: GroupState, address: AddressState, result: CallResult): void {
  const failure = result.type === 'failed' ? result.failure : 'unknown';
  address.retryMs = state.nowMs + jittered(state, retryAfterMs(failure, address.moveFailures));
  address.moveFailures += 1;
  wakeAt(state, address.retryMs);
  complain(state, group, `moving it here failed: ${result.type === 'failed' ? result.reason : result.type}`);
  if (failure === 'unknown' && address.move !== null) {
    address.move.callId = null;
    address.move.tellingId = state.nextCallId;
    address.doubtUntilMs = state.nowMs + SETTLE_MS;
    lookAfterUnknownMove(state, group, address.move.tellingId);
    return;
  }
  // Nothing was restored, so that the one time of rule 18 is not used up.
  if (address.holder?.kind === 'foreign') address.foreignRestoredMs = Number.NEGATIVE_INFINITY;
  address.move = null;
  address.failedMs = state.nowMs;
}

function retryAfterMs(failure: CallFailure, failuresBefore: number): number {
  const firstMs = failure === 'not-sent' || failure === 'unknown' ? RETRY_FIRST_MS : RETRY_REFUSED_MS;
  return Math.min(firstMs * 2 ** failuresBefore, RETRY_MOST_MS);
}

function believeOwn(state: CoreState, group: GroupState, associationId: string): void {
  const { address } = group;
  address.own = { associationId, atMs: state.nowMs };
  address.moveFailures = 0;
  address.holder = { kind: 'node', node: state.config.self };
  address.associationId = associationId;
  address.begunMs = state.nowMs;
  address.failedMs = Number.NEGATIVE_INFINITY;
  address.complaint = '';
  address.nextLookMs = state.nowMs + LOOK_AFTER_MOVE_MS;
  wakeAt(state, address.nextLookMs);
  state.heartbeat.urgent = true;
}

function supersede(address: AddressState): void {
  address.superseded.push(...associationsOf(address.move?.endsAssociationId ?? ''));
  address.superseded.splice(0, address.superseded.length - SUPERSEDED_MOST);
}

/** A group with several addresses has its associations in one string. */
const associationsOf = (joined: string): readonly string[] => joined.split(' ').filter((id) => id !== '');

// Reading

export function onAddressReading(
  state: CoreState,
  group: GroupState,
  id: number,
  pending: PendingCall,
  result: CallResult,
): void {
  const { address } = group;
  if (address.readingId === id) address.readingId = null;
  if (result.type !== 'address-reading') {
    address.failedMs = state.nowMs;
    wakeAt(state, state.nowMs + lookEveryMs(state, group));
    complain(
      state,
      group,
      `EC2 could not be asked: ${result.type === 'failed' ? result.reason : result.type}`,
    );
    return;
  }
  address.okBegunMs = Math.max(address.okBegunMs, pending.begunMs);
  const { holder, associationId } = result;
  const here = isHolder(holder, state.config.self);
  const settled = address.move !== null && address.move.callId === null && id >= address.move.tellingId;
  if (settled) {
    if (here) supersede(address);
    address.move = null;
    if (here) return believeOwn(state, group, associationId);
  }
  if (!here && isStale(address, pending.begunMs, associationId)) return;
  if (pending.begunMs < address.begunMs) return;
  address.holder = holder;
  address.associationId = associationId;
  address.partlyHere = result.partlyHere === true;
  address.begunMs = pending.begunMs;
  // What a leader complains of is over when the address is here; anybody else's trouble was only to ask.
  if (here || group.role.kind === 'standby' || group.role.kind === 'starting') address.complaint = '';
}

/** Older than this node's own successful move: by its time, or by an association which that move ended. */
function isStale(address: AddressState, begunMs: number, associationId: string): boolean {
  if (address.own === null) return false;
  if (begunMs - address.own.atMs < DESCRIBE_STALENESS_MS) return true;
  return associationsOf(associationId).some((id) => address.superseded.includes(id));
}

export function describeHolder(holder: AddressHolder | null): string {
  if (holder === null) return 'nobody knows which node';
  switch (holder.kind) {
    case 'free':
      return 'no interface';
    case 'node':
      return holder.node;
    case 'foreign':
      return `the foreign interface ${holder.networkInterfaceId}`;
  }
}

/** It had come here, and somebody took it away. */
function sayElsewhere(state: CoreState, group: GroupState, holder: AddressHolder): void {
  const complaint = `it is on ${describeHolder(holder)}`;
  if (group.address.complaint === complaint) return;
  group.address.complaint = complaint;
  const where = holder.kind === 'free' ? '' : describeHolder(holder);
  note(state, { type: 'address-elsewhere', group: group.config.name, holder: where });
}

/** Said when it changes, not at every look. */
function complain(state: CoreState, group: GroupState, reason: string): void {
  if (group.address.complaint === reason) return;
  group.address.complaint = reason;
  note(state, { type: 'address-failed', group: group.config.name, reason });
}
