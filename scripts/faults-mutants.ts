import { type FaultPool, PoolClosedError } from '../test/netns/faults/fault-pool.ts';
import { type MutantRun, startMutantRuns } from '../test/netns/faults/mutant-runs.ts';
import { NETNS_MUTANTS, type NetnsMutant } from '../test/netns/faults/mutants.ts';
import { mutantRowOf, readDocument, writeDocument } from './faults-document.ts';

export interface MutantOptions {
  /** Words of rules, separated by commas; '' for all. */
  readonly only: string;
  /** Prints the rows instead of writing them. */
  readonly dry: boolean;
}

/** Whether every mutant was caught by what it does. */
export async function runMutants(pool: FaultPool, { only, dry }: MutantOptions): Promise<boolean> {
  const mutants = chosen(only);
  const document = readDocument();
  const { results, remove } = await startMutantRuns(pool, mutants);
  const finish = async (running: Promise<MutantRun>) => {
    const run = await running.catch(unlessNotBegun);
    if (run === null) return false;
    console.error(`${run.mutant.rule}: ${run.caught ? 'caught' : 'SURVIVED'}: ${run.violations.join('; ')}`);
    document.mutants.set(run.mutant.rule, mutantRowOf(run));
    if (!dry) writeDocument(document);
    return run.caught;
  };
  try {
    const caught = await Promise.all(results.map(finish));
    if (dry) console.log(mutants.map(({ rule }) => document.mutants.get(rule) ?? '').join('\n'));
    return caught.every(Boolean);
  } finally {
    await pool.close();
    await remove();
  }
}

function unlessNotBegun(error: unknown): null {
  if (error instanceof PoolClosedError) return null;
  throw error;
}

function chosen(only: string): readonly NetnsMutant[] {
  const words = only.split(',').map((word) => word.trim());
  const found = NETNS_MUTANTS.filter(({ rule }) => words.some((word) => rule.includes(word)));
  if (found.length === 0)
    throw new Error(`no mutant ${only}; there are ${NETNS_MUTANTS.map(({ rule }) => rule).join(', ')}`);
  return found;
}
