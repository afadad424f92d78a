import { newestTerm } from './knowledge.ts';
import type { Maintenance } from './maintenance.ts';
import type { CoreState } from './state.ts';
import { type GroupName, NO_TERM, type Term } from './types.ts';

/** Asks for what must survive a restart to be written. A create is named before it is sent. */
export function persist(state: CoreState): void {
  state.persistDirty = false;
  const highestTerms: Record<GroupName, Term> = {};
  const triedTerms: Record<GroupName, Term> = {};
  const maintenance: Record<GroupName, Maintenance> = {};
  for (const group of state.groups.values()) {
    const newest = newestTerm(group);
    highestTerms[group.config.name] = Math.max(newest, group.floor) as Term;
    const tried = Math.max(group.create?.record.term ?? NO_TERM, group.triedBefore) as Term;
    if (tried > newest) triedTerms[group.config.name] = tried;
    if (group.maintenance.stamp > 0) maintenance[group.config.name] = group.maintenance;
  }
  state.effects.push({ type: 'persist', highestTerms, triedTerms, drained: state.drained, maintenance });
}
