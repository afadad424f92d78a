import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { addResults, type BatchOrder, type BatchResult, NOTHING, runBatch } from './batch.ts';
import type { PlanWishes } from './plan.ts';
import { realCore } from './real-core.ts';

export interface SimulationOrder {
  readonly worlds: readonly PlanWishes[];
  readonly firstSeed: number;
  readonly schedules: number;
  readonly workers: number;
  readonly failuresMost: number;
  readonly branchSchedules: number;
  /** Where a long run writes down how far it came, and goes on from; null: nowhere. */
  readonly stateFile: string | null;
  readonly onProgress: (done: number) => void;
}

/** Between two of them the state is written down. */
const SLICE = 2_000;

/** Throws when the state file is of another run. */
export async function simulate(order: SimulationOrder): Promise<BatchResult> {
  const { firstSeed, schedules, stateFile } = order;
  let sum = stateFile === null ? NOTHING : readState(stateFile, order);
  while (sum.schedules < schedules && sum.failures.length < order.failuresMost) {
    const many = Math.min(SLICE, schedules - sum.schedules);
    const counted = Math.max(0, order.branchSchedules - sum.branchSchedules);
    const slice = await runSlice(order, firstSeed + sum.schedules, many, Math.min(counted, many));
    sum = addResults(sum, slice);
    if (stateFile !== null) writeState(stateFile, order, sum);
    order.onProgress(sum.schedules);
  }
  return sum;
}

async function runSlice(
  { worlds, workers, failuresMost }: SimulationOrder,
  firstSeed: number,
  schedules: number,
  branchSchedules: number,
): Promise<BatchResult> {
  const orders = Array.from(
    { length: workers },
    (_, index): BatchOrder => ({
      worlds,
      firstSeed: firstSeed + index,
      stride: workers,
      schedules: Math.ceil((schedules - index) / workers),
      failuresMost,
      branchSchedules: Math.ceil((branchSchedules - index) / workers),
    }),
  );
  const results =
    workers === 1
      ? orders.map((each) => runBatch(each, realCore))
      : await Promise.all(orders.map((each) => inWorker(each)));
  return results.reduce(addResults, NOTHING);
}

function inWorker(order: BatchOrder): Promise<BatchResult> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: order });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

const identityOf = ({ worlds, firstSeed }: SimulationOrder): string =>
  JSON.stringify({
    worlds: worlds.map(({ only, ...rest }) => ({ ...rest, only: [...(only ?? [])] })),
    firstSeed,
  });

function readState(file: string, order: SimulationOrder): BatchResult {
  if (!existsSync(file)) return NOTHING;
  const { run, result } = JSON.parse(readFileSync(file, 'utf8')) as { run: string; result: BatchResult };
  if (run === identityOf(order)) return result;
  throw new Error(`${file} belongs to a run of other worlds or seeds. Nothing was run. Name another file.`);
}

function writeState(file: string, order: SimulationOrder, result: BatchResult): void {
  // A run that is interrupted while it writes must find the state of before.
  writeFileSync(`${file}.new`, JSON.stringify({ run: identityOf(order), result }));
  renameSync(`${file}.new`, file);
}
