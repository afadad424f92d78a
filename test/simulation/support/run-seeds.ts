import { runBatch, worldOf } from '../../../src/simulation/batch.ts';
import { failureReport } from '../../../src/simulation/failure-report.ts';
import { drawPlan } from '../../../src/simulation/plan.ts';
import { realCore } from '../../../src/simulation/real-core.ts';
import { WORLDS } from '../../../src/simulation/worlds.ts';

const SCHEDULES = 2_000;

/** Runs so many seeds through all worlds; returns what broke, each with its replay command and story. */
export function runSeeds(firstSeed: number): string[] {
  const order = {
    worlds: WORLDS,
    firstSeed,
    schedules: SCHEDULES,
    failuresMost: 3,
  };
  const { failures } = runBatch(order, realCore);
  return failures.map(({ seed }) => {
    const wishes = worldOf(WORLDS, seed);
    return failureReport(drawPlan(seed, wishes), wishes, realCore);
  });
}
