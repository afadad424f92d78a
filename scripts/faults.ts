/**
 * Does every fault of the catalogue to real daemons, five times, and writes docs/faults.md with what came of it.
 *
 *     npm run faults                        all of them, five times each
 *     npm run faults -- --only 18,19        these; their rows replace the old ones, the others stay
 *     npm run faults -- --times 1 --dry     prints the table and writes nothing
 *     npm run faults -- --lanes 3           three clusters at a time: sooner, and later answers
 *
 * Exit code 0 when every run was as expected, 1 when one was not, 77 when this machine cannot do it.
 */
import { writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { FAULTS } from '../test/netns/faults/catalogue.ts';
import type { Fault, FaultRun } from '../test/netns/faults/fault.ts';
import { FaultPool } from '../test/netns/faults/fault-pool.ts';
import { startLocalStack, stopLocalStack } from '../test/support/localstack.ts';
import { missingDaemon } from '../test/support/netns/daemon.ts';
import { missingRequirement } from '../test/support/netns/requirements.ts';
import { faultsDocument, readRows, rowOf } from './faults-document.ts';

const CANNOT = 77;
const DOCUMENT = fileURLToPath(new URL('../docs/faults.md', import.meta.url));

const { values } = parseArgs({
  options: {
    times: { type: 'string', default: '5' },
    lanes: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    dry: { type: 'boolean', default: false },
  },
});

function chosen(): readonly Fault[] {
  if (values.only === '') return FAULTS;
  const wanted = values.only.split(',').map((word) => word.trim());
  const known = new Set(FAULTS.map(({ number }) => number));
  const unknown = wanted.filter((word) => !known.has(word));
  if (unknown.length > 0)
    throw new Error(`no fault ${unknown.join(', ')}; there are ${[...known].join(', ')}`);
  return FAULTS.filter(({ number }) => wanted.includes(number));
}

/** What no cluster could be had for is a violation too: it must not end the other runs. */
const unrunnable = (error: unknown): FaultRun => ({
  lost: 0,
  longestGapMs: 0,
  moves: 0,
  counted: {},
  violations: [`it could not be run: ${error instanceof Error ? error.message : String(error)}`],
});

function report(fault: Fault, run: FaultRun): void {
  const outcome = run.violations.length === 0 ? 'as expected' : run.violations.join('; ');
  const figures = `${Math.round(run.longestGapMs)} ms, ${run.moves} moves, ${run.lost} lost`;
  console.error(`${fault.number} ${fault.name}: ${figures}: ${outcome}`);
}

async function runCatalogue(endpoint: string): Promise<boolean> {
  const times = Number(values.times);
  const faults = chosen();
  const pool = new FaultPool({ endpoint, full: true, lanes: Number(values.lanes) });
  const old = values.dry ? '' : await readFile(DOCUMENT, 'utf8').catch(() => '');
  const rows = readRows(old);
  let allAsExpected = true;
  const jobs = faults.flatMap((fault) => Array.from({ length: times }, () => fault));
  const results = pool.start(jobs);
  const finish = async (fault: Fault, index: number) => {
    const mine = results.slice(index * times, (index + 1) * times).map(async (result) => {
      const run = await result.catch(unrunnable);
      report(fault, run);
      return run;
    });
    const runs = await Promise.all(mine);
    if (runs.some(({ violations }) => violations.length > 0)) allAsExpected = false;
    rows.set(fault.number, rowOf(fault, runs));
    // After each: an hour's work must not be lost to the last fault.
    if (!values.dry) writeFileSync(DOCUMENT, faultsDocument(rows));
  };
  try {
    await Promise.all(faults.map(finish));
  } finally {
    await pool.close();
  }
  if (values.dry) console.log([...rows.values()].join('\n'));
  return allAsExpected;
}

async function main(): Promise<number> {
  const missing = missingRequirement() ?? missingDaemon();
  if (missing !== null) {
    console.error(missing);
    return CANNOT;
  }
  const folder = await mkdtemp(join(tmpdir(), 'eipkeeper-faults-'));
  const localstack = await startLocalStack(folder, process.pid);
  try {
    if (localstack.status === 'missing') {
      console.error(localstack.reason);
      return CANNOT;
    }
    return (await runCatalogue(localstack.endpoint)) ? 0 : 1;
  } finally {
    await stopLocalStack(localstack);
    await rm(folder, { recursive: true, force: true });
  }
}

process.exitCode = await main();
