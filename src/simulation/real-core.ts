import { hasAuthority } from '../core/authority.ts';
import { guardedEnd } from '../core/guarded-end.ts';
import { inMaintenance } from '../core/maintenance.ts';
import { membersOf } from '../core/members.ts';
import { roleOf } from '../core/reports.ts';
import { type CoreState, createCore } from '../core/state.ts';
import { nextWakeMs, step } from '../core/step.ts';
import type { CoreUnderTest } from './core-under-test.ts';

/** The core of the daemon itself, as the world drives it. */
export const realCore: CoreUnderTest = {
  createCore,
  step: (state, event) => step(state as CoreState, event),
  nextWakeMs: (state) => nextWakeMs(state as CoreState),
  hasAuthority: (state, group, at) => hasAuthority(state as CoreState, group, at),
  guardedEnd: (state, group) => guardedEnd(state as CoreState, group),
  view(state, name) {
    const group = (state as CoreState).groups.get(name);
    if (group === undefined) return { role: 'none', term: 0, owner: '', members: [], maintenance: false };
    return {
      role: roleOf(state as CoreState, group),
      term: group.newest?.term ?? 0,
      owner: group.newest?.owner ?? '',
      members: membersOf(state as CoreState, group),
      maintenance: inMaintenance(group),
    };
  },
};
