/**
 * Owns rule 13: until it knows who leads, a node starts and stops nothing. A node that comes back while the
 * newest term still names it and the address is still on it goes on where it was.
 */
import { isHere, lookAtAddress } from './address.ts';
import { knowsLessThanBefore } from './knowledge.ts';
import { membersOf, othersOf } from './members.ts';
import type { CoreState, GroupState } from './state.ts';
import { FIRST_READ_TIMEOUT_MS, WITNESS_LOOK_LEADERLESS_MS } from './timing-rules.ts';
import { due } from './toolbox.ts';
import { createNext, lookAtWitness, mayCreate, pursueCreate } from './witness-calls.ts';

export function startUp(state: CoreState, group: GroupState): void {
  lookAtWitness(state, group, WITNESS_LOOK_LEADERLESS_MS);
  if (group.create !== null) return pursueCreate(state, group, true);
  if (group.address.holder === null) lookAtAddress(state, group);
  if (mayAdopt(state, group)) {
    if (!mayCreate(state, group, Number.NEGATIVE_INFINITY)) return;
    return createNext(state, group, 'adopt', {
      requestId: group.newest?.requestId ?? '',
      requestedBy: group.newest?.requestedBy ?? '',
    });
  }
  // Whoever may still find that the term and the address are its own does not join the others' wait for a claim.
  const settled =
    everybodyHeard(state, group) && !(hasTimeToAdopt(state, group) && mayYetAdopt(state, group));
  if (settled || due(state, state.startedMs + state.config.initdeadMs)) {
    group.role = { kind: 'standby' };
  }
}

function mayAdopt(state: CoreState, group: GroupState): boolean {
  return (
    group.newest?.owner === state.config.self &&
    !knowsLessThanBefore(group) &&
    isHere(state, group) &&
    !state.drained &&
    due(state, group.promiseUntilMs)
  );
}

/** As far as is known: this node may still find that the newest term and the address are its own. */
export function mayYetAdopt(state: CoreState, group: GroupState): boolean {
  if (group.role.kind !== 'starting' || state.drained) return false;
  const termMayBeMine =
    group.read.okBegunMs === Number.NEGATIVE_INFINITY || group.newest?.owner === state.config.self;
  return termMayBeMine && (group.address.holder === null || isHere(state, group));
}

/** An exclusive service runs on without authority no longer than the first readings take. */
export function hasTimeToAdopt(state: CoreState, group: GroupState): boolean {
  return group.config.kind === 'address' || !due(state, state.startedMs + FIRST_READ_TIMEOUT_MS);
}

function everybodyHeard(state: CoreState, group: GroupState): boolean {
  return othersOf(state, membersOf(state, group)).every(
    (node) => (state.peers.get(node)?.incarnation ?? null) !== null,
  );
}
