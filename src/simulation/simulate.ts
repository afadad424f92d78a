import { once } from 'node:events';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { addResults, type BatchOrder, type BatchResult, NOTHING } from './batch.ts';
import { BRANCHES } from './branches.ts';
import { FAULT_CLASSES } from './fault.ts';
import type { PlanWishes } from './plan.ts';

export interface SimulationOrder {
  readonly worlds: readonly PlanWishes[];
  readonly firstSeed: number;
  readonly schedules: number;
  readonly workers: number;
  readonly failuresMost: number;
  /** Where a long run writes down how far it came, and goes on from; null: nowhere. */
  readonly stateFile: string | null;
  readonly onProgress: (done: number) => void;
}

/** Between two of them the state is written down. */
const SLICE = 2_000;
/** What a worker takes at a time: a sparse schedule takes as long as dozens of others, so whoever is free takes more. */
const PIECE = 25;

/** Why a long run cannot go on from its file, or write it; the message is for who typed it. */
export class StateFileError extends Error {}

/** Throws StateFileError, also when the file is of a run of other worlds, seeds, faults or branches. */
export async function simulate(order: SimulationOrder): Promise<BatchResult> {
  const { schedules, stateFile, failuresMost } = order;
  let sum = stateFile === null ? NOTHING : readState(stateFile, order);
  // Whether it can be written is known before anything is run for it.
  if (stateFile !== null) writeState(stateFile, order, sum);
  const crew = Array.from({ length: order.workers }, hire);
  try {
    while (sum.schedules < schedules && sum.failures.length < failuresMost) {
      sum = await runSlice(order, crew, sum);
      if (stateFile !== null) writeState(stateFile, order, sum);
      order.onProgress(sum.schedules);
    }
  } finally {
    for (const hand of crew) hand.dismiss();
  }
  return sum;
}

/** Adds the next slice to a sum. Pieces are given out in their order, so what was run has no gaps also when it ends early. */
async function runSlice(
  order: SimulationOrder,
  crew: readonly Hand[],
  before: BatchResult,
): Promise<BatchResult> {
  const { worlds, firstSeed, schedules, failuresMost } = order;
  const end = Math.min(before.schedules + SLICE, schedules);
  let sum = before;
  let next = before.schedules;
  const work = async (hand: Hand): Promise<void> => {
    while (next < end && sum.failures.length < failuresMost) {
      const first = next;
      next = Math.min(first + PIECE, end);
      const result = await hand.run({ worlds, firstSeed: firstSeed + first, schedules: next - first });
      sum = addResults(sum, result);
    }
  };
  await Promise.all(crew.map(work));
  return { ...sum, failures: sum.failures.toSorted((left, right) => left.seed - right.seed) };
}

/** Runs one batch at a time. */
interface Hand {
  run(order: BatchOrder): Promise<BatchResult>;
  dismiss(): void;
}

/** Lives as long as the run, so that its compiled code does. */
function hire(): Hand {
  const counter = new URL('./count-branches.ts', import.meta.url).href;
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { execArgv: ['--import', counter] });
  return {
    run: async (order) => {
      worker.postMessage(order);
      const [result] = await once(worker, 'message');
      return result as BatchResult;
    },
    dismiss: () => void worker.terminate(),
  };
}

/** Schedules that are drawn from other faults are other schedules, and counts of other branches have no sum. */
const identityOf = ({ worlds, firstSeed }: SimulationOrder): string =>
  JSON.stringify({
    worlds: worlds.map(({ only, ...rest }) => ({ ...rest, only: [...(only ?? [])] })),
    firstSeed,
    faults: FAULT_CLASSES,
    branches: BRANCHES.map(({ id }) => id),
  });

function readState(file: string, order: SimulationOrder): BatchResult {
  if (!existsSync(file)) return NOTHING;
  const { run, result } = contentOf(file);
  if (run === identityOf(order)) return result;
  throw new StateFileError(
    `${file} belongs to a run of other worlds, seeds, faults or branches. Nothing was run. Name another file.`,
  );
}

function contentOf(file: string): { readonly run: string; readonly result: BatchResult } {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const reason = (error as Error).message;
    throw new StateFileError(`${file} cannot be read (${reason}). Nothing was run. Name another file.`);
  }
}

function writeState(file: string, order: SimulationOrder, result: BatchResult): void {
  try {
    // A run that is interrupted while it writes must find the state of before.
    writeFileSync(`${file}.new`, JSON.stringify({ run: identityOf(order), result }));
    renameSync(`${file}.new`, file);
  } catch (error) {
    const reason = (error as Error).message;
    throw new StateFileError(
      `${result.schedules} schedules were run, which cannot be written down: ${reason}`,
    );
  }
}
