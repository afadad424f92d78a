/**
 * Owns rule 15 for optional moves (failback, and moves because services fail here): the first at once, then a
 * hold-down that doubles, cleared by a quiet hour. A takeover from a silent leader is never optional.
 */
import type { GroupState } from './state.ts';
import { HOLD_DOWN_FORGET_MS, HOLD_DOWN_MOST_MS, HOLD_DOWN_MS } from './timing-rules.ts';
import type { Millis } from './types.ts';

/** Before when no optional move of the group may begin here. */
export function heldDownUntilMs(group: GroupState): Millis {
  const { moves, lastMs } = group.damping;
  if (moves === 0) return Number.NEGATIVE_INFINITY;
  return lastMs + Math.min(HOLD_DOWN_MS * 2 ** (moves - 1), HOLD_DOWN_MOST_MS);
}

/** An optional move has happened; both of its sides count it, so that neither begins the next one too soon. */
export function countOptionalMove(group: GroupState, nowMs: Millis): void {
  const quiet = nowMs - group.damping.lastMs >= HOLD_DOWN_FORGET_MS;
  group.damping = { moves: quiet ? 1 : group.damping.moves + 1, lastMs: nowMs };
}
