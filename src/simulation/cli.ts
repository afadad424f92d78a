import { writeFileSync } from 'node:fs';
import { type SimulationArguments, simulationArguments, USAGE } from './arguments.ts';
import { worldOf } from './batch.ts';
import { explainPlan } from './explain-plan.ts';
import { failureReport, transcript } from './failure-report.ts';
import { runMutants } from './mutants/run-mutants.ts';
import { drawPlan } from './plan.ts';
import { printFalseTakeovers } from './print-false-takeovers.ts';
import { realCore } from './real-core.ts';
import { StateFileError, simulate } from './simulate.ts';
import { summary } from './summary.ts';

const typed = readArguments();
process.exitCode = typed === null ? 64 : await perform(typed).catch(explainedStateFile);

function readArguments(): SimulationArguments | null {
  try {
    return simulationArguments(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}. Nothing was run; --help tells what can be typed.`);
    return null;
  }
}

function explainedStateFile(error: unknown): number {
  if (!(error instanceof StateFileError)) throw error;
  console.error(error.message);
  return 1;
}

async function perform(asked: SimulationArguments): Promise<number> {
  switch (asked.task) {
    case 'help':
      console.log(USAGE);
      return 0;
    case 'explain':
      explainSeed(asked);
      return 0;
    case 'false-takeovers':
      printFalseTakeovers((line) => console.log(line));
      return 0;
    case 'mutants':
      return runMutants(asked.mutants, (line) => console.log(line), publish);
    case 'replay':
      return replay(asked);
    case 'many':
      return runMany(asked);
  }
}

function publish(page: string): void {
  writeFileSync(new URL('../../docs/mutants.md', import.meta.url), page);
}

function explainSeed({ seed, worlds }: SimulationArguments): void {
  // Midnight UTC is the beginning of the schedule.
  process.env.TZ = 'UTC';
  console.log(explainPlan(drawPlan(seed, worldOf(worlds, seed)), realCore));
}

/** One seed in full: its timeline, or the shrunk one when it fails. */
function replay({ seed, worlds }: SimulationArguments): number {
  const wishes = worldOf(worlds, seed);
  const plan = drawPlan(seed, wishes);
  const { text, outcome } = transcript(plan, realCore, true);
  if (outcome.violation !== null) {
    console.log(failureReport(plan, wishes, realCore));
    return 1;
  }
  console.log(text);
  console.log(`seed ${seed}: no promise broken, all well ${outcome.recoveryMs} ms after healing`);
  return 0;
}

async function runMany(asked: SimulationArguments): Promise<number> {
  const { worlds, seed, schedules, workers, failuresMost, stateFile } = asked;
  const startedMs = performance.now();
  const result = await simulate({
    worlds,
    firstSeed: seed,
    schedules,
    workers,
    failuresMost,
    stateFile,
    onProgress: (done) => {
      if (process.stderr.isTTY) console.error(`${done} of ${schedules}`);
    },
  });
  const { lines, passes } = summary(result, worlds, (performance.now() - startedMs) / 1_000);
  for (const line of lines) console.log(line);
  const first = result.failures[0];
  if (first !== undefined) {
    const wishes = worldOf(worlds, first.seed);
    console.log(failureReport(drawPlan(first.seed, wishes), wishes, realCore));
  }
  return passes ? 0 : 1;
}
