import type { CoreUnderTest } from './core-under-test.ts';
import type { Fault } from './fault.ts';
import type { Plan } from './plan.ts';
import { runPlan } from './run-plan.ts';

/** Runs that shrinking may cost. */
const RUNS_MOST = 400;

/**
 * The same failure with fewer faults: first everything after the failure goes, then whole classes, then single
 * faults, as long as the same rule is still broken. What is left is what the failure needs.
 */
export function shrink(plan: Plan, core: CoreUnderTest): Plan {
  const rule = runPlan(plan, core).violation?.rule;
  if (rule === undefined) return plan;
  let runs = 0;
  let best = plan;
  const tryWith = (faults: readonly Fault[]): boolean => {
    if (runs++ >= RUNS_MOST || faults.length === best.faults.length) return false;
    const candidate = { ...best, faults };
    if (runPlan(candidate, core).violation?.rule !== rule) return false;
    best = candidate;
    return true;
  };
  const failsMs = runPlan(plan, core).violation?.atMs ?? Number.POSITIVE_INFINITY;
  tryWith(best.faults.filter((fault) => fault.atMs <= failsMs));
  let progress = true;
  while (progress && runs < RUNS_MOST) {
    progress = false;
    for (const name of new Set(best.faults.map((fault) => fault.class))) {
      progress = tryWith(best.faults.filter((fault) => fault.class !== name)) || progress;
    }
    for (const dropped of [...best.faults].reverse()) {
      progress = tryWith(best.faults.filter((fault) => fault !== dropped)) || progress;
    }
  }
  return best;
}
