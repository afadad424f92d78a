/**
 * Owns what the guard of an `exclusive` group is told: until when this node's authority lasts. Told after every step
 * and before anything that the step asks for is done, so that an earlier end is heard before a renounce, a yield or a
 * shorter create is sent (rule 3).
 */
import { authorityUntil } from './authority.ts';
import type { CoreState } from './state.ts';
import type { GroupName, Millis } from './types.ts';

/**
 * How long before that end the guard acts. Its clock has steps of 10 ms, and processes with much memory take a moment
 * to end. A stop by the daemon is over 200 ms before that end, or has failed.
 */
export const GUARD_LEAD_MS = 100;

/**
 * `until`: own clock, perhaps past. `stopped`: a stop has succeeded and no start was begun since, so there is nothing
 * to guard. null: this node does not lead and something of the group may still run: what was told last stands.
 */
export type GuardedEnd =
  | { readonly kind: 'until'; readonly ownMs: Millis }
  | { readonly kind: 'stopped' }
  | null;

export function guardedEnd(state: CoreState, name: GroupName): GuardedEnd {
  const group = state.groups.get(name);
  if (group === undefined) return null;
  if (!group.services.mayRun) return { kind: 'stopped' };
  if (group.role.kind !== 'leading') return null;
  return { kind: 'until', ownMs: authorityUntil(state, group) };
}
