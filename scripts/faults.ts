/**
 * Does every fault of the catalogue to real daemons, five times, and writes docs/faults.md with what came of it.
 *
 *     npm run faults                        all of them, five times each
 *     npm run faults -- --only 18,19        these; their rows replace the old ones, the others stay
 *     npm run faults -- --times 1 --dry     prints the table and writes nothing
 *     npm run faults -- --lanes 3           three clusters at a time: sooner, and later answers
 *     npm run faults -- --resume            goes on with a run that was interrupted
 *     npm run faults -- --mutants           instead: daemons with a rule taken out, each in the fault that shows it
 *
 * Exit code 0 when every run was as expected (every mutant caught), 1 when one was not, 77 when this machine cannot
 * do it, 130 when it was interrupted: what had begun is finished and written first.
 */
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { FaultPool } from '../test/netns/faults/fault-pool.ts';
import { startLocalStack, stopLocalStack } from '../test/support/localstack.ts';
import { missingDaemon } from '../test/support/netns/daemon.ts';
import { missingRequirement } from '../test/support/netns/requirements.ts';
import { removeOrphans, removeRecorded, writeRunRecord } from '../test/support/netns/run-record.ts';
import { runCatalogue } from './faults-catalogue.ts';
import { runMutants } from './faults-mutants.ts';

const CANNOT = 77;
const INTERRUPTED = 130;

const { values } = parseArgs({
  options: {
    times: { type: 'string', default: '5' },
    lanes: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    dry: { type: 'boolean', default: false },
    resume: { type: 'boolean', default: false },
    mutants: { type: 'boolean', default: false },
  },
});

async function run(endpoint: string): Promise<number> {
  const pool = new FaultPool({ endpoint, full: true, lanes: Number(values.lanes) });
  let interrupted = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      interrupted = true;
      console.error('ending when what is under way is over; once more: at once');
      void pool.close();
    });
  }
  const options = { dry: values.dry, only: values.only };
  try {
    const good = values.mutants
      ? await runMutants(pool, options)
      : await runCatalogue(pool, { ...options, times: Number(values.times), resume: values.resume });
    if (interrupted) return INTERRUPTED;
    return good ? 0 : 1;
  } finally {
    await pool.close();
  }
}

async function main(): Promise<number> {
  const missing = missingRequirement() ?? missingDaemon();
  if (missing !== null) {
    console.error(missing);
    return CANNOT;
  }
  await removeOrphans();
  const id = `eipkeeper-faults-${randomBytes(3).toString('hex')}`;
  const folder = join(tmpdir(), id);
  await writeRunRecord(id, { namespaces: [], directory: folder });
  await mkdir(folder);
  const localstack = await startLocalStack(folder, process.pid);
  try {
    if (localstack.status === 'missing') {
      console.error(localstack.reason);
      return CANNOT;
    }
    return await run(localstack.endpoint);
  } finally {
    await stopLocalStack(localstack);
    await removeRecorded(id);
  }
}

process.exitCode = await main();
