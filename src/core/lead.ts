/**
 * Owns rule 4: a leader defends by succeeding itself. Challenge and defence are creates of the same name, so
 * the witness decides between them once and for all.
 */
import { authorityUntil, isYielding, needsDefence, renounceLeases } from './authority.ts';
import { defend } from './defence.ts';
import { advanceHandover } from './handover.ts';
import { lookAtInstance } from './instances.ts';
import { deleteOldTerms, newestTerm } from './knowledge.ts';
import { wantsOtherMembers } from './members.ts';
import { place } from './placement.ts';
import type { CoreState, GroupState, Leading } from './state.ts';
import { GROUPS_A_READ, WITNESS_LOOK_MS } from './timing-rules.ts';
import { isFresh, note, wakeAt } from './toolbox.ts';
import { lookAtWitness, pursueCreate } from './witness-calls.ts';

/** How often EC2 is asked about the instances of nodes that are bound by leases. */
const CONDITION_LOOK_MS = 20_000;

/** One turn of a leader. */
export function lead(state: CoreState, group: GroupState, role: Leading): void {
  const authority = trackAuthority(state, group, role);
  // However many groups there are, a minute has six of these calls.
  lookAtWitness(state, group, WITNESS_LOOK_MS * Math.ceil(state.groups.size / GROUPS_A_READ));
  deleteOldTerms(state, group);
  place(state, group, role);
  advanceHandover(state, group, role, authority);
  if (group.create !== null) {
    pursueCreate(state, group, true);
    return;
  }
  // While it yields it neither defends nor answers a refusal; the handover takes the yield back in time.
  if (isYielding(group, role)) return;
  renounceLeases(state, group, role);
  askAboutSilentNodes(state, group, role);
  const refused = role.refusedTerm === newestTerm(group) + 1;
  if (needsDefence(state, group, role) || refused) return defend(state, group, role, 'defence');
  if (authority && role.handover === null && wantsOtherMembers(state, group)) {
    defend(state, group, role, 'members');
  }
}

function trackAuthority(state: CoreState, group: GroupState, role: Leading): boolean {
  const untilOwnMs = authorityUntil(state, group);
  const has = untilOwnMs > state.ownMs;
  if (has) wakeAt(state, state.nowMs + (untilOwnMs - state.ownMs));
  role.unbroken = has;
  if (has !== group.said.authority && !isYielding(group, role)) {
    group.said.authority = has;
    const type = has ? 'authority-regained' : 'authority-lost';
    note(state, { type, group: group.config.name, term: newestTerm(group) });
  }
  return has;
}

/** A stopped or terminated instance can be bound for longer, which saves writes to the witness. */
function askAboutSilentNodes(state: CoreState, group: GroupState, role: Leading): void {
  for (const [node, bond] of role.bonds) {
    if (isFresh(state, group, node)) {
      group.conditions.delete(node);
      continue;
    }
    if (bond.lease === null || bond.lease.renounced) continue;
    lookAtInstance(state, group, node, CONDITION_LOOK_MS);
  }
}
