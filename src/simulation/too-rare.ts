import type { BatchResult } from './batch.ts';
import { BRANCHES } from './branches.ts';
import { EXPECTED } from './expected-events.ts';
import { FAULT_CLASSES } from './fault.ts';
import type { PlanWishes } from './plan.ts';

/** What occurs less often in a long run was not tried. */
const LEAST = 20;

/** Faults, outcomes, lost races and branches of rules that a long run should have met and did not. */
export function tooRare(
  { counts, branches }: Pick<BatchResult, 'counts' | 'branches'>,
  worlds: readonly PlanWishes[],
): { what: string; count: number }[] {
  const all = worlds.every(({ only }) => only === undefined);
  const drawn = FAULT_CLASSES.filter((name) => worlds.some(({ only }) => only?.has(name) ?? true));
  const expected = drawn.map((name) => `fault ${name}`);
  // With some faults only, some of what follows from the others cannot happen.
  if (all && worlds.length > 1) expected.push(...EXPECTED);
  const found = expected.map((what) => ({ what, count: counts[what] ?? 0 }));
  if (all && worlds.length > 1) {
    for (const { id } of BRANCHES) found.push({ what: id, count: branches[id] ?? 0 });
  }
  return found.filter(({ count }) => count < LEAST);
}
