/**
 * Owns the invariant of rule 3: a node has authority over a group only while it owns the newest term it knows
 * and *every other member* is kept from claiming, by an unexpired grant or by an unexpired lease that was not
 * renounced. All times here are `own`: they also count time spent suspended, so authority never outlives it.
 */
import type { Instant } from './events.ts';
import { othersOf } from './members.ts';
import type { Bond, CoreState, GroupState, Leading } from './state.ts';
import {
  LEASE_CAP_ABSENT_MS,
  LEASE_CAP_MS,
  LEASE_DOUBLING_WINDOW_MS,
  LEASE_RENEWAL_SHARE,
} from './timing-rules.ts';
import { wakeAt } from './toolbox.ts';
import type { GroupName, Millis, NodeName, TermRecord } from './types.ts';

const NEVER = Number.NEGATIVE_INFINITY;

/** Until when this node has authority, own clock; -Infinity when it has none at all. */
export function authorityUntil(state: CoreState, group: GroupState): Millis {
  const { role } = group;
  if (role.kind !== 'leading') return NEVER;
  // From the first yield on, somebody else may have created the next term.
  if (isYielding(group, role)) return NEVER;
  let until = Number.POSITIVE_INFINITY;
  for (const node of whoMayClaim(state, group, role)) {
    until = Math.min(until, boundUntil(group, role, node));
  }
  return until;
}

/** The members of this term and, as long as it is not decided whether it stands, of the next one (rule 19). */
function whoMayClaim(state: CoreState, { create }: GroupState, { bonds }: Leading): Iterable<NodeName> {
  if (create === null) return bonds.keys();
  return new Set([...bonds.keys(), ...othersOf(state, create.record.members)]);
}

/** The newest term is yielded to somebody: it is not decided who leads. */
export const isYielding = (group: GroupState, role: Leading): boolean =>
  role.handover?.phase.kind === 'yielding' && role.handover.phase.term === group.newest?.term;

/** Until when one node is kept from claiming. */
function boundUntil(group: GroupState, role: Leading, node: NodeName): Millis {
  const bond = role.bonds.get(node);
  if (bond === undefined) return boundByNext(group, node);
  return Math.max(grantedUntil(group, bond), leasedUntil(group, bond, node));
}

/** A grant lasts for the deadtime that the granted heartbeat carried. */
export function grantedUntil(group: GroupState, bond: Bond): Millis {
  const { untilOwnMs, deadtimeMs } = group.shorterGrants;
  const promisedMs = bond.grantOwnMs <= untilOwnMs ? deadtimeMs : group.config.timings.deadtimeMs;
  return bond.grantOwnMs + promisedMs;
}

/**
 * While an own create is undecided the record that binds may be the old or the new one: the smaller counts
 * (rule 7). A renounced lease counts for nothing.
 */
function leasedUntil(group: GroupState, bond: Bond, node: NodeName): Millis {
  const now =
    bond.lease === null || bond.lease.renounced ? NEVER : bond.lease.sentOwnMs + bond.lease.lengthMs;
  // Who is no member of the next term can only contest its name.
  if (group.create === null || !group.create.record.members.includes(node)) return now;
  return Math.min(now, boundByNext(group, node));
}

function boundByNext({ create }: GroupState, node: NodeName): Millis {
  const lengthMs = create?.record.leases[node];
  return create === null || lengthMs === undefined ? NEVER : create.firstSentOwnMs + lengthMs;
}

export const holdsAuthority = (state: CoreState, group: GroupState): boolean =>
  authorityUntil(state, group) > state.ownMs;

/** For checkers and status: whether `state`, looked at at `at`, would still act as leader of `name`. */
export function hasAuthority(state: CoreState, name: GroupName, at: Instant): boolean {
  const group = state.groups.get(name);
  return group !== undefined && authorityUntil(state, group) > at.nowMs + at.suspendedMs;
}

/** A grant came in: `sentOwnMs` is when the heartbeat that it answers was *sent*. */
export function takeGrant(state: CoreState, group: GroupState, node: NodeName, sentOwnMs: Millis): void {
  if (group.role.kind !== 'leading') return;
  const bond = group.role.bonds.get(node);
  if (bond === undefined || sentOwnMs <= bond.grantOwnMs) return;
  const gapless = sentOwnMs - bond.grantOwnMs < group.config.timings.warntimeMs;
  if (!gapless || bond.freshSinceOwnMs === null) bond.freshSinceOwnMs = state.ownMs;
  bond.grantOwnMs = sentOwnMs;
}

/** Grants from `node` have come without a gap for deadtime: it needs no lease. */
export function grantsSteadily(state: CoreState, group: GroupState, bond: Bond | undefined): boolean {
  return (
    bond !== undefined &&
    bond.freshSinceOwnMs !== null &&
    state.ownMs - bond.grantOwnMs < group.config.timings.warntimeMs &&
    state.ownMs - bond.freshSinceOwnMs >= group.config.timings.deadtimeMs
  );
}

/**
 * Rule 3: a bound node that has granted steadily is released from its lease, irrevocably for this term, so that
 * a later takeover by it takes deadtime and not the rest of a lease. Counted as renounced before it is said.
 */
export function renounceLeases(state: CoreState, group: GroupState, role: Leading): void {
  // While the next record is undecided it may bind again; wait until it is known which one holds.
  if (group.create !== null) return;
  for (const bond of role.bonds.values()) {
    if (bond.lease !== null && !bond.lease.renounced && grantsSteadily(state, group, bond)) {
      bond.lease.renounced = true;
      state.heartbeat.urgent = true;
    }
  }
}

/**
 * Whether some node neither grants nor stays bound for long enough, so that the leader must succeed itself
 * (rule 4). Asks to be woken when that could next become true.
 */
export function needsDefence(state: CoreState, group: GroupState, role: Leading): boolean {
  let needed = false;
  for (const bond of role.bonds.values()) {
    const suspectOwnMs = bond.grantOwnMs + group.config.timings.warntimeMs;
    const { lease } = bond;
    const renewOwnMs =
      lease === null || lease.renounced ? NEVER : lease.sentOwnMs + renewAfterMs(group, lease.lengthMs);
    const atOwnMs = Math.max(suspectOwnMs, renewOwnMs);
    if (state.ownMs >= atOwnMs) needed = true;
    else wakeAt(state, state.nowMs + (atOwnMs - state.ownMs));
    if (state.ownMs >= suspectOwnMs) bond.freshSinceOwnMs = null;
  }
  return needed;
}

/**
 * When a lease of that length is renewed. In an `exclusive` group services stop when what is left no longer
 * covers the stop, so there must be time for two calls before that.
 */
function renewAfterMs(group: GroupState, lengthMs: number): number {
  const shareMs = lengthMs * LEASE_RENEWAL_SHARE;
  if (group.config.kind === 'address') return shareMs;
  const { stopTimeoutMs, witnessTimeoutMs } = group.config.timings;
  return Math.max(0, Math.min(shareMs, lengthMs - stopTimeoutMs - 2 * witnessTimeoutMs));
}

/** The leases of the next record: none for who grants steadily, a longer one for who has been away for long. */
export function nextLeases(
  state: CoreState,
  group: GroupState,
  members: readonly NodeName[],
): TermRecord['leases'] {
  const leases: Record<NodeName, number> = {};
  const role = group.role.kind === 'leading' ? group.role : null;
  const base = group.config.timings.leaseMs;
  const doubled =
    role !== null && state.nowMs - group.defence.lastMs < LEASE_DOUBLING_WINDOW_MS
      ? group.defence.leaseMs * 2
      : base;
  const left = leftByAnEarlierLife(state, group);
  for (const node of othersOf(state, members)) {
    if (role !== null && grantsSteadily(state, group, role.bonds.get(node))) continue;
    const cap = role !== null && mayBindLong(state, group, role, node) ? LEASE_CAP_ABSENT_MS : LEASE_CAP_MS;
    leases[node] = Math.max(base, Math.min(doubled, cap), left[node] ?? 0);
  }
  return leases;
}

/**
 * The leases of a leader that this node was before it restarted. What runs of it in an `exclusive` group runs until
 * they end, when its guard stops it; nobody may be free sooner because of a record that comes after it.
 */
function leftByAnEarlierLife({ config: { self } }: CoreState, group: GroupState): TermRecord['leases'] {
  const { newest, role, config } = group;
  const isLeft = config.kind === 'exclusive' && newest?.owner === self && role.kind !== 'leading';
  return isLeft ? newest.leases : {};
}

/** A node that surely cannot take over soon, or whose absence another node could cover, is bound for longer. */
function mayBindLong(state: CoreState, group: GroupState, role: Leading, node: NodeName): boolean {
  const condition = group.conditions.get(node)?.condition;
  if (condition === 'stopped' || condition === 'terminated') return true;
  for (const [other, bond] of role.bonds) {
    if (other !== node && grantsSteadily(state, group, bond)) return true;
  }
  return false;
}
