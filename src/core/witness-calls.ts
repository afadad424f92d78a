/**
 * Owns rule 7: a timeout is unknown. What became of a create is decided by the record and by nothing else;
 * until then the attempt stands, and this node neither grants nor believes that it leads by it.
 */

import { isHolder } from './address-state.ts';
import { takeRequest } from './afar.ts';
import { nextLeases } from './authority.ts';
import { learnMovesOfLate, movesOfLate } from './damping.ts';
import type { CallResult } from './events.ts';
import { CARRIED_OUT_MOST, learnRecord, newestTerm, setNewest } from './knowledge.ts';
import { membersOf, nextMembers, othersOf } from './members.ts';
import { persist } from './persist.ts';
import type { Bond, CoreState, CreateAttempt, GroupState, PendingCall, Phases } from './state.ts';
import { RESEND_UNREAD_MS } from './timing-rules.ts';
import { call, due, isMine, jittered, nextLook, note, wakeAt } from './toolbox.ts';
import type { Millis, NodeName, Term, TermReason, TermRecord } from './types.ts';

// Reading the newest term

/**
 * A successful read begun after `sinceMs` and at most deadtime ago. What it showed is a belief of this node, so it
 * also ages while the machine is suspended: meanwhile the name that is next may have been won and deleted again.
 */
export function hasFreshRead(state: CoreState, group: GroupState, sinceMs: Millis): boolean {
  const { okBegunMs, okBegunOwnMs } = group.read;
  return okBegunMs > sinceMs && state.ownMs - okBegunOwnMs <= group.config.timings.deadtimeMs;
}

/**
 * What every create without unbroken authority follows: a fresh read, and no failure just now. Reads if need be,
 * also as long as the newest term is one of which only was heard: its record says who may succeed it (rule 19).
 */
export function mayCreate(state: CoreState, group: GroupState, sinceMs: Millis): boolean {
  const members = group.newest === null || group.newest.recordRead;
  if (members && hasFreshRead(state, group, sinceMs)) return due(state, group.read.retryMs);
  readNewest(state, group);
  return false;
}

/** Begins a read unless one is on its way or the last failed a moment ago. */
export function readNewest(state: CoreState, group: GroupState): void {
  const { read } = group;
  if (read.callId !== null || !due(state, read.retryMs)) return;
  const known = Math.max(newestTerm(group), group.floor) as Term;
  read.callId = call(state, group, { type: 'read-newest', known });
}

/** Reads when the last successful read is older than `everyMs`. */
export function lookAtWitness(state: CoreState, group: GroupState, everyMs: number): void {
  const { read } = group;
  // A look that was planned for a calmer time comes forward.
  if (read.nextLookMs > state.nowMs + everyMs * 1.2) read.nextLookMs = nextLook(state, everyMs);
  if (!due(state, read.nextLookMs)) return;
  read.nextLookMs = nextLook(state, everyMs);
  wakeAt(state, read.nextLookMs);
  readNewest(state, group);
}

export function onReadResult(
  state: CoreState,
  group: GroupState,
  pending: PendingCall,
  result: CallResult,
): void {
  const { read } = group;
  read.callId = null;
  if (result.type !== 'newest-term') return witnessFailed(state, group, result);
  witnessAnswered(state);
  read.okBegunMs = pending.begunMs;
  read.okBegunOwnMs = pending.begunOwnMs;
  // Then it may be ready.
  if (group.prepared !== null) state.heartbeat.urgent = true;
  if (result.record !== null) learnRecord(state, group, result.record, result.ageMs ?? null);
  if (result.request !== undefined) takeRequest(state, pending, result.request);
}

// Creating the next term

/**
 * Creates newest + 1 in this node's own name and incarnation (rule 1). The caller has made sure that its rule
 * allows it; one attempt at a time.
 */
export function createNext(
  state: CoreState,
  group: GroupState,
  reason: TermReason,
  asked: { readonly requestId: string; readonly requestedBy: string },
): void {
  if (group.create !== null) throw new Error('a create is already undecided');
  const term = (Math.max(newestTerm(group), group.floor) + 1) as Term;
  const members = nextMembers(state, group, reason);
  group.create = {
    record: {
      group: group.config.name,
      term,
      owner: state.config.self,
      incarnation: state.incarnation,
      leases: nextLeases(state, group, members),
      members,
      reason,
      ...(asked.requestId === '' ? {} : asked),
      ...carriedOutWith(group, reason, asked.requestId),
      ...movesOfLate(group, state.nowMs, countsAs(state, group, reason, asked.requestId)),
    },
    firstSentMs: state.nowMs,
    firstSentOwnMs: state.ownMs,
    heardMs: group.leaderHeardMs,
    callId: null,
    maybeApplied: false,
    taken: false,
    retryMs: state.nowMs,
  };
  persist(state);
  sendCreate(state, group, group.create);
}

/** Optional is a switchover that nobody asked for, from a node that neither drains nor leaves, if the address is to move. */
function countsAs(
  state: CoreState,
  group: GroupState,
  reason: TermReason,
  requestId: string,
): 'takeover' | 'optional' | 'neither' {
  if (reason === 'takeover') return 'takeover';
  if (reason !== 'switchover' || requestId !== '') return 'neither';
  if (isHolder(group.address.holder, state.config.self)) return 'neither';
  const from = group.newest === null ? undefined : state.peers.get(group.newest.owner);
  return from?.drained === true || from?.leaving === true ? 'neither' : 'optional';
}

/** What the next record says of requests: its own, when it carries one out, and those before. */
function carriedOutWith(
  group: GroupState,
  reason: TermReason,
  requestId: string,
): Pick<TermRecord, 'carriedOut'> {
  const isNew = requestId !== '' && (reason === 'forced' || reason === 'switchover');
  const all = isNew ? [requestId, ...group.carriedOut] : group.carriedOut;
  return all.length === 0 ? {} : { carriedOut: all.slice(0, CARRIED_OUT_MOST) };
}

function sendCreate(state: CoreState, group: GroupState, attempt: CreateAttempt): void {
  attempt.callId = call(state, group, { type: 'create-term', record: attempt.record });
}

/**
 * Drives an undecided create: reads the record when the name is known to be taken, sends the same record again
 * when that may be. `mayInsist`: this node would still be allowed to begin this very create now.
 */
export function pursueCreate(state: CoreState, group: GroupState, mayInsist: boolean): void {
  const attempt = group.create;
  if (attempt === null || attempt.callId !== null || !due(state, attempt.retryMs)) return;
  // Long after the first try others may have won the name, gone on and deleted it.
  const old = state.ownMs - attempt.firstSentOwnMs > RESEND_UNREAD_MS;
  if (old && !attempt.taken && !mayCreate(state, group, Number.NEGATIVE_INFINITY)) return;
  if (attempt.taken || !mayInsist) {
    attempt.callId = call(state, group, { type: 'read-term', term: attempt.record.term });
  } else {
    sendCreate(state, group, attempt);
  }
}

export function onCreateResult(state: CoreState, group: GroupState, id: number, result: CallResult): void {
  const attempt = group.create;
  if (attempt === null || attempt.callId !== id) return;
  attempt.callId = null;
  switch (result.type) {
    case 'term-created':
      witnessAnswered(state);
      return won(state, group, attempt);
    case 'term-exists':
      witnessAnswered(state);
      attempt.taken = true;
      return;
    case 'term-record':
      witnessAnswered(state);
      return onAttemptRecord(state, group, attempt, result.record);
    default:
      return onCreateFailed(state, group, attempt, result);
  }
}

function onAttemptRecord(
  state: CoreState,
  group: GroupState,
  attempt: CreateAttempt,
  record: TermRecord | null,
): void {
  if (record === null) {
    // Only a hint: it may not be visible yet, or never have been made.
    attempt.retryMs = state.nowMs + jittered(state, group.config.timings.witnessTimeoutMs / 4);
    wakeAt(state, attempt.retryMs);
    return;
  }
  if (record.owner === state.config.self && record.incarnation === state.incarnation) {
    return won(state, group, attempt);
  }
  group.create = null;
  note(state, { type: 'claim-lost', group: group.config.name, term: record.term, owner: record.owner });
  learnRecord(state, group, record, null);
}

function onCreateFailed(
  state: CoreState,
  group: GroupState,
  attempt: CreateAttempt,
  result: CallResult,
): void {
  witnessFailed(state, group, result);
  const failure = result.type === 'failed' ? result.failure : 'unknown';
  if (failure === 'unknown') attempt.maybeApplied = true;
  // Refused before any effect, and no earlier attempt is in doubt: nothing was created.
  if (!attempt.maybeApplied && !attempt.taken) {
    group.create = null;
    state.persistDirty = true;
    return;
  }
  attempt.retryMs = state.nowMs + jittered(state, group.config.timings.deadtimeMs / 3);
  wakeAt(state, attempt.retryMs);
}

/** The record is mine: whatever it gives counts from when it was first *sent*. */
function won(state: CoreState, group: GroupState, attempt: CreateAttempt): void {
  const { record } = attempt;
  const before = group.role;
  const succeeded = before.kind === 'leading' && isMine(state, group);
  const predecessor = group.newest?.owner ?? null;
  sayMembers(state, group, record);
  group.create = null;
  group.force = null;
  group.prepared = null;
  setNewest(state, group, {
    term: record.term,
    owner: record.owner,
    incarnation: record.incarnation,
    learnedMs: state.nowMs,
    leaseMs: 0,
    renounced: false,
    requestId: record.requestId ?? '',
    requestedBy: record.requestedBy ?? '',
    recordRead: true,
    members: record.members,
    leases: record.leases,
  });
  group.carriedOut = record.carriedOut ?? [];
  learnMovesOfLate(group, record, attempt.firstSentMs);
  const bonds = new Map<NodeName, Bond>();
  for (const node of othersOf(state, record.members)) {
    const lengthMs = record.leases[node];
    const old = succeeded ? before.bonds.get(node) : undefined;
    bonds.set(node, {
      grantOwnMs: old?.grantOwnMs ?? Number.NEGATIVE_INFINITY,
      freshSinceOwnMs: old?.freshSinceOwnMs ?? null,
      lease:
        lengthMs === undefined ? null : { sentOwnMs: attempt.firstSentOwnMs, lengthMs, renounced: false },
    });
  }
  group.role = {
    kind: 'leading',
    sinceMs: succeeded ? before.sinceMs : state.nowMs,
    reignStart: succeeded ? before.reignStart : record.term,
    predecessor: succeeded ? before.predecessor : predecessor,
    predecessorAcknowledged: succeeded
      ? before.predecessorAcknowledged
      : predecessor === null || predecessor === state.config.self,
    unbroken: true,
    refusedTerm: null,
    // A yield that this term takes back is given up in the next turn, with everything that hangs on it.
    handover: succeeded ? before.handover : null,
    bonds,
  };
  state.heartbeat.urgent = true;
  if (succeeded && record.reason === 'members') return;
  if (succeeded) return defended(state, group, record.leases, record.term);
  group.defence = { lastMs: Number.NEGATIVE_INFINITY, leaseMs: group.config.timings.leaseMs };
  group.said.authority = true;
  if (predecessor !== null && predecessor !== state.config.self) doubtOwnAddress(state, group);
  group.phases = beginPhases(state, attempt);
  note(state, {
    type: 'became-leader',
    group: group.config.name,
    term: record.term,
    reason: record.reason,
    by: record.requestedBy ?? '',
  });
}

function sayMembers(state: CoreState, group: GroupState, record: TermRecord): void {
  const before = membersOf(state, group);
  const joined = record.members.filter((node) => !before.includes(node));
  const gone = before.filter((node) => !record.members.includes(node));
  if (joined.length + gone.length === 0) return;
  note(state, { type: 'members-changed', group: group.config.name, term: record.term, joined, gone });
}

/** Somebody else led in between and may have moved the address: what was read before proves nothing any more. */
function doubtOwnAddress(state: CoreState, group: GroupState): void {
  const { address } = group;
  if (address.holder?.kind !== 'node' || address.holder.node !== state.config.self) return;
  address.holder = null;
  address.nextLookMs = state.nowMs;
}

function defended(
  state: CoreState,
  group: GroupState,
  leases: Readonly<Record<NodeName, number>>,
  term: Term,
): void {
  let leaseMs = group.config.timings.leaseMs;
  for (const length of Object.values(leases)) leaseMs = Math.max(leaseMs, length);
  group.defence = { lastMs: state.nowMs, leaseMs };
  note(state, { type: 'defended', group: group.config.name, term, leaseMs });
}

function beginPhases(state: CoreState, attempt: CreateAttempt): Phases {
  const { reason } = attempt.record;
  const unplanned = reason === 'takeover';
  return {
    reason,
    heardMs: unplanned ? attempt.heardMs : attempt.firstSentMs,
    decidedMs: attempt.firstSentMs,
    wonMs: state.nowMs,
    servicesMs: null,
    moveSentMs: null,
  };
}

// The witness itself

function witnessFailed(state: CoreState, group: GroupState, result: CallResult): void {
  group.read.failedMs = state.nowMs;
  // Jittered, and shorter than the wait of a standby: a leader hears a returning witness first (rule 5).
  group.read.retryMs = state.nowMs + jittered(state, group.config.timings.deadtimeMs / 3);
  wakeAt(state, group.read.retryMs);
  if (state.witness.downSinceMs !== null) return;
  state.witness.downSinceMs = state.nowMs;
  note(state, { type: 'witness-down', reason: result.type === 'failed' ? result.reason : result.type });
}

function witnessAnswered(state: CoreState): void {
  const { downSinceMs } = state.witness;
  if (downSinceMs === null) return;
  state.witness.downSinceMs = null;
  note(state, { type: 'witness-up', downMs: state.nowMs - downSinceMs });
}
