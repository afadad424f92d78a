import { runBatch, worldOf } from '../../../src/simulation/batch.ts';
import { failureReport } from '../../../src/simulation/failure-report.ts';
import { drawPlan } from '../../../src/simulation/plan.ts';
import { realCore } from '../../../src/simulation/real-core.ts';
import { WORLDS } from '../../../src/simulation/worlds.ts';

const SCHEDULES = 2_000;
/** To tell one it is run again and again, until it is short. */
const TOLD_MOST = 3;

/** Runs so many seeds through all worlds; returns the first that broke, each with its replay command and story. */
export function runSeeds(firstSeed: number): string[] {
  const { failures } = runBatch({ worlds: WORLDS, firstSeed, schedules: SCHEDULES }, realCore);
  return failures.slice(0, TOLD_MOST).map(({ seed }) => {
    const wishes = worldOf(WORLDS, seed);
    return failureReport(drawPlan(seed, wishes), wishes, realCore);
  });
}
