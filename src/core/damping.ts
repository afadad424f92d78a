/**
 * Owns rule 15 for optional moves (failback, moves because services fail here, or because nobody gets the address): the
 * first at once, then a hold-down that doubles, cleared by a quiet hour. A takeover from a silent leader is never
 * optional, but the third in an hour waits longer: services that bring down one machine after the other should not do so
 * at full speed.
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

/** The side that gave the group away has heard of the next term and not read its record yet. */
export function countOptionalMove(group: GroupState, nowMs: Millis): void {
  group.damping = oneMore(group, nowMs);
}

function oneMore({ damping }: GroupState, nowMs: Millis): GroupState['damping'] {
  return { moves: isQuiet(damping.lastMs, nowMs) ? 1 : damping.moves + 1, lastMs: nowMs };
}

const isQuiet = (lastMs: Millis, nowMs: Millis): boolean => nowMs - lastMs >= HOLD_DOWN_FORGET_MS;

/** How many takeovers the group saw in the last hour, as far as they matter. */
export const takeoversOfLate = (group: GroupState, nowMs: Millis): number => recent(group, nowMs).length;

/** How much longer the next takeover waits. */
export function takeoverWaitMs(group: GroupState, nowMs: Millis): number {
  const index = Math.min(takeoversOfLate(group, nowMs), TAKEOVER_WAITS_MS.length - 1);
  return TAKEOVER_WAITS_MS[index]!;
}

/** What the next record says of the moves of late, its own included: nodes restart and forget, records do not. */
export function movesOfLate(
  group: GroupState,
  nowMs: Millis,
  own: 'takeover' | 'optional' | 'neither',
): Pick<TermRecord, 'takeovers' | 'optionalMoves'> {
  const takeovers = recent(group, nowMs).map((atMs) => Math.round(nowMs - atMs));
  if (own === 'takeover') takeovers.unshift(0);
  const { moves, lastMs } = own === 'optional' ? oneMore(group, nowMs) : group.damping;
  return {
    ...(takeovers.length === 0 ? {} : { takeovers: takeovers.slice(0, TAKEOVER_WAITS_MS.length) }),
    ...(isQuiet(lastMs, nowMs) ? {} : { optionalMoves: { count: moves, agoMs: Math.round(nowMs - lastMs) } }),
  };
}

/** From a record that was made at `madeMs` of this node's clock. */
export function learnMovesOfLate(group: GroupState, record: TermRecord, madeMs: Millis): void {
  group.takeovers = (record.takeovers ?? []).map((ageMs) => madeMs - ageMs);
  const { count, agoMs } = record.optionalMoves ?? { count: 0, agoMs: Number.POSITIVE_INFINITY };
  group.damping = { moves: count, lastMs: madeMs - agoMs };
}

const recent = (group: GroupState, nowMs: Millis): Millis[] =>
  group.takeovers.filter((atMs) => nowMs - atMs < HOLD_DOWN_FORGET_MS);
