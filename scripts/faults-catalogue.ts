import { FAULTS } from '../test/netns/faults/catalogue.ts';
import type { Fault, FaultRun } from '../test/netns/faults/fault.ts';
import { type FaultPool, PoolClosedError } from '../test/netns/faults/fault-pool.ts';
import { readDocument, rowOf, writeDocument } from './faults-document.ts';
import { openProgress, type Progress } from './faults-progress.ts';

export interface CatalogueOptions {
  readonly times: number;
  /** Numbers of faults, separated by commas; '' for all. */
  readonly only: string;
  readonly resume: boolean;
  /** Prints the rows instead of writing them. */
  readonly dry: boolean;
}

/** Whether every run was as expected. Throws when a fault is not known or there is nothing to resume. */
export async function runCatalogue(pool: FaultPool, options: CatalogueOptions): Promise<boolean> {
  const faults = chosen(options.only);
  const progress = openProgress({ resume: options.resume, keep: !options.dry });
  const document = readDocument();
  const missing = faults.map((fault) => Math.max(0, options.times - runsOf(progress, fault).length));
  const results = pool.start(
    faults.flatMap((fault, index) => Array.from({ length: missing[index]! }, () => fault)),
  );
  const rows = faults.map(async (fault, index) => {
    const mine = results.splice(0, missing[index]).map((result) => finish(result, fault, progress));
    const runs = [...runsOf(progress, fault), ...(await Promise.all(mine))].filter((run) => run !== null);
    if (runs.length < options.times) return null;
    document.faults.set(fault.number, rowOf(fault, runs));
    // After each: an hour's work must not be lost to the last fault.
    if (!options.dry) writeDocument(document);
    return runs.every(({ violations }) => violations.length === 0);
  });
  const outcomes = await Promise.all(rows);
  if (options.dry) console.log(faults.map(({ number }) => document.faults.get(number) ?? '').join('\n'));
  if (!outcomes.includes(null)) await progress.end();
  return outcomes.every((good) => good === true);
}

const runsOf = (progress: Progress, { number }: Fault): readonly FaultRun[] =>
  progress.runs.get(number) ?? [];

function chosen(only: string): readonly Fault[] {
  if (only === '') return FAULTS;
  const wanted = only.split(',').map((word) => word.trim());
  const known = new Set(FAULTS.map(({ number }) => number));
  const unknown = wanted.filter((word) => !known.has(word));
  if (unknown.length > 0)
    throw new Error(`no fault ${unknown.join(', ')}; there are ${[...known].join(', ')}`);
  return FAULTS.filter(({ number }) => wanted.includes(number));
}

/** Null when it was not begun. */
async function finish(result: Promise<FaultRun>, fault: Fault, progress: Progress): Promise<FaultRun | null> {
  const run = await result.catch((error: unknown) =>
    error instanceof PoolClosedError ? null : unrunnable(error),
  );
  if (run === null) return null;
  report(fault, run);
  progress.add(fault.number, run);
  return run;
}

/** What no cluster could be had for is a violation too: it must not end the other runs. */
const unrunnable = (error: unknown): FaultRun => ({
  lost: 0,
  longestGapMs: 0,
  moves: 0,
  counted: {},
  repeated: 0,
  violations: [`it could not be run: ${error instanceof Error ? error.message : String(error)}`],
});

function report(fault: Fault, run: FaultRun): void {
  const outcome = run.violations.length === 0 ? 'as expected' : run.violations.join('; ');
  const figures = `${Math.round(run.longestGapMs)} ms, ${run.moves} moves, ${run.lost} lost`;
  console.error(`${fault.number} ${fault.name}: ${figures}: ${outcome}`);
}
