import type { CoreState, GroupState } from './state.ts';
import { due } from './toolbox.ts';

/** The leader has been silent for warntime: time to get ready, not yet to act. */
export const isSuspect = (state: CoreState, group: GroupState): boolean =>
  due(state, group.leaderHeardMs + group.config.timings.warntimeMs);
