/**
 * Owns what a node knows of terms: the newest one, who owns it, and what follows from a newer one. A record once
 * read never changes, so what is learned is true; "not found" and "the newest is M" are hints (no read
 * consistency is promised by SSM).
 */
import { countOptionalMove, learnMovesOfLate } from './damping.ts';
import { membersOf } from './members.ts';
import type { CoreState, GroupState, KnownTerm } from './state.ts';
import { TERM_RETENTION_COUNT, TERM_RETENTION_MS } from './timing-rules.ts';
import { call, note } from './toolbox.ts';
import type { Incarnation, NodeName, Term, TermRecord } from './types.ts';

const HISTORY_MOST = 256;
/** More than are asked for within the life of one. */
export const CARRIED_OUT_MOST = 4;

export const newestTerm = (group: GroupState): Term => group.newest?.term ?? (0 as Term);

/** The state file names a newer term than anybody did: what was read is old, or the witness was emptied. */
export const knowsLessThanBefore = (group: GroupState): boolean => group.floor > newestTerm(group);

export interface HeardTerm {
  readonly term: Term;
  readonly owner: NodeName;
  readonly incarnation: Incarnation;
  /** null when the teller is not the owner. */
  readonly leaseMs: number | null;
  readonly requestId: string;
  readonly requestedBy: string;
  readonly recordRead: boolean;
  /** Of a record that was read; else null. */
  readonly members: readonly NodeName[] | null;
  /** Of a record that was read; else {}. */
  readonly leases: TermRecord['leases'];
}

/** `ageMs`: how old the record is, by the witness's clock; null: it did not say, so it is taken for new. */
export function learnRecord(
  state: CoreState,
  group: GroupState,
  record: TermRecord,
  ageMs: number | null,
): void {
  if (record.term >= newestTerm(group)) {
    // Taken for new at every reading, its moves would never be long ago.
    const wasRead = group.newest?.term === record.term && group.newest.recordRead;
    if (ageMs !== null || !wasRead) learnMovesOfLate(group, record, state.nowMs - (ageMs ?? 0));
    group.carriedOut = [...new Set([...(record.carriedOut ?? []), ...group.carriedOut])].slice(
      0,
      CARRIED_OUT_MOST,
    );
  }
  learn(state, group, {
    term: record.term,
    owner: record.owner,
    incarnation: record.incarnation,
    leaseMs: record.leases[state.config.self] ?? 0,
    requestId: record.requestId ?? '',
    requestedBy: record.requestedBy ?? '',
    recordRead: true,
    members: record.members,
    leases: record.leases,
  });
}

/** Takes in a term. A newer one of somebody else ends an own leadership at once (rule 8). */
export function learn(state: CoreState, group: GroupState, heard: HeardTerm): void {
  const known = group.newest;
  if (known !== null && heard.term < known.term) return;
  if (known !== null && heard.term === known.term) {
    if (known.owner !== heard.owner || known.incarnation !== heard.incarnation) return;
    if (heard.recordRead) {
      known.recordRead = true;
      known.leases = heard.leases;
    }
    known.members = heard.members ?? known.members;
    if (known.leaseMs === null && heard.leaseMs !== null) known.leaseMs = heard.leaseMs;
    if (known.requestId === '') {
      known.requestId = heard.requestId;
      known.requestedBy = heard.requestedBy;
    }
    return;
  }
  const isMine = heard.owner === state.config.self && heard.incarnation === state.incarnation;
  // My own create, learned from somebody who read it first: its attempt decides it, with the lease's true age.
  if (isMine) {
    if (group.create !== null && group.create.record.term === heard.term) group.create.taken = true;
    return;
  }
  setNewest(state, group, {
    term: heard.term,
    owner: heard.owner,
    incarnation: heard.incarnation,
    learnedMs: state.nowMs,
    leaseMs: heard.leaseMs,
    renounced: false,
    requestId: heard.requestId,
    requestedBy: heard.requestedBy,
    recordRead: heard.recordRead,
    members: heard.members ?? membersOf(state, group),
    leases: heard.leases,
  });
  if (heard.owner !== state.config.self) doubtAddress(state, group);
  const lost = group.create;
  if (lost !== null && lost.record.term <= heard.term) {
    // Mine, if it exists at all, is not newer than this one; nothing of it can count any more.
    group.create = null;
    note(state, { type: 'claim-lost', group: group.config.name, term: heard.term, owner: heard.owner });
  }
  if (group.role.kind === 'leading') stepDown(state, group, heard);
  else if (group.role.kind === 'acting' && heard.owner !== state.config.self) stepDown(state, group, heard);
  else if (heard.owner !== state.config.self) {
    note(state, { type: 'leader-known', group: group.config.name, term: heard.term, owner: heard.owner });
  }
}

export function setNewest(state: CoreState, group: GroupState, term: KnownTerm): void {
  group.newest = term;
  group.waiver = null;
  group.restart = null;
  group.history.push({ term: term.term, seenMs: state.nowMs });
  if (group.history.length > HISTORY_MOST) group.history.shift();
  state.persistDirty = true;
}

function stepDown(state: CoreState, group: GroupState, by: HeardTerm): void {
  const handover = group.role.kind === 'leading' ? group.role.handover : null;
  if (handover?.phase.kind === 'yielding' && handover.optional) countOptionalMove(group, state.nowMs);
  group.role = { kind: 'standby' };
  group.steppedDownMs = state.nowMs;
  group.phases = null;
  // The winner has just created it: it lives. Silence is counted from here.
  group.leaderHeardMs = state.nowMs;
  state.heartbeat.urgent = true;
  note(state, { type: 'stepped-down', group: group.config.name, term: by.term, owner: by.owner });
}

/** Who owns a newer term will move the address: "it is here" is no longer known. */
function doubtAddress(state: CoreState, group: GroupState): void {
  const { address } = group;
  if (address.holder?.kind !== 'node' || address.holder.node !== state.config.self) return;
  address.holder = null;
  address.nextLookMs = state.nowMs;
}

/**
 * Old records may go when they are well behind the newest and older than any call that could still be on its
 * way: a name that was deleted can be won again by a stale claimant.
 */
export function deleteOldTerms(state: CoreState, group: GroupState): void {
  const { history } = group;
  const newest = newestTerm(group);
  let upTo = 0 as Term;
  while (history.length > 0) {
    const oldest = history[0]!;
    if (oldest.term > newest - TERM_RETENTION_COUNT || state.nowMs - oldest.seenMs < TERM_RETENTION_MS) break;
    upTo = oldest.term;
    history.shift();
  }
  if (upTo > 0) call(state, group, { type: 'delete-terms', upTo });
}
