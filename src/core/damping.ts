/**
 * Owns rule 15 for optional moves (failback, and moves because services fail here): the first at once, then a
 * hold-down that doubles, cleared by a quiet hour. A takeover from a silent leader is never optional, but the third
 * in an hour waits longer: services that bring down one machine after the other should not do so at full speed.
 */
import type { GroupState } from './state.ts';
import { HOLD_DOWN_FORGET_MS, HOLD_DOWN_MOST_MS, HOLD_DOWN_MS, TAKEOVER_WAITS_MS } from './timing-rules.ts';
import type { Millis, TermRecord } from './types.ts';

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

/** How many takeovers the group saw in the last hour, as far as they matter. */
export const takeoversOfLate = (group: GroupState, nowMs: Millis): number => recent(group, nowMs).length;

/** How much longer the next takeover waits. */
export function takeoverWaitMs(group: GroupState, nowMs: Millis): number {
  const index = Math.min(takeoversOfLate(group, nowMs), TAKEOVER_WAITS_MS.length - 1);
  return TAKEOVER_WAITS_MS[index]!;
}

/** For the next record: how long ago they were, that record's own first. */
export function agesOfTakeovers(
  group: GroupState,
  nowMs: Millis,
  isTakeover: boolean,
): Pick<TermRecord, 'takeovers'> {
  const ages = recent(group, nowMs).map((atMs) => Math.round(nowMs - atMs));
  if (isTakeover) ages.unshift(0);
  return ages.length === 0 ? {} : { takeovers: ages.slice(0, TAKEOVER_WAITS_MS.length) };
}

/** From a record that was made at `madeMs` of this node's clock. */
export function learnTakeovers(group: GroupState, record: TermRecord, madeMs: Millis): void {
  group.takeovers = (record.takeovers ?? []).map((ageMs) => madeMs - ageMs);
}

const recent = (group: GroupState, nowMs: Millis): Millis[] =>
  group.takeovers.filter((atMs) => nowMs - atMs < HOLD_DOWN_FORGET_MS);
