import { FAULTS } from './catalogue.ts';
import type { Fault } from './fault.ts';
import { type FaultPool, PoolClosedError } from './fault-pool.ts';
import type { NetnsMutant } from './mutants.ts';
import { type MutatedDaemon, mutateDaemon } from './mutated-daemon.ts';

export interface MutantRun {
  readonly mutant: NetnsMutant;
  readonly fault: Fault;
  /** What the run complained of; empty: nobody noticed. */
  readonly violations: readonly string[];
  /** Whether one of them is what this mutant does. */
  readonly caught: boolean;
}

export interface MutantRuns {
  /** In the order of the mutants. Rejected with PoolClosedError when it was not begun. */
  readonly results: readonly Promise<MutantRun>[];
  /** Removes the copies of the source; the pool is closed before. */
  remove(): Promise<void>;
}

/** Does to daemons without a rule the one fault in which each should show. */
export async function startMutantRuns(pool: FaultPool, mutants: readonly NetnsMutant[]): Promise<MutantRuns> {
  const daemons: MutatedDaemon[] = [];
  const remove = async () => {
    for (const daemon of daemons) await daemon.remove();
  };
  try {
    for (const { rule } of mutants) daemons.push(await mutateDaemon(rule));
  } catch (error) {
    await remove();
    throw error;
  }
  const faults = mutants.map(({ fault }, index) => mutated(faultOf(fault), daemons[index]!.program));
  const results = pool.start(faults).map(async (running, index) => {
    const violations = await running.then((run) => run.violations, complaint);
    return judge(mutants[index]!, faults[index]!, violations);
  });
  for (const result of results) result.catch(() => {});
  return { results, remove };
}

function faultOf(number: string): Fault {
  const found = FAULTS.find((fault) => fault.number === number);
  if (found === undefined) throw new Error(`no fault ${number} in the catalogue`);
  return found;
}

/** What a mutant leaves behind is not what the fault itself would. */
const mutated = (fault: Fault, program: string): Fault => ({ ...fault, program, leavesNoTrace: false });

/** Without the rule there may be no healthy pair to begin with, which must not end the other runs. */
function complaint(error: unknown): string[] {
  if (error instanceof PoolClosedError) throw error;
  return [`it could not be run: ${error instanceof Error ? error.message : String(error)}`];
}

function judge(mutant: NetnsMutant, fault: Fault, violations: readonly string[]): MutantRun {
  const caught = violations.some((violation) => mutant.betrayedBy.test(violation));
  return { mutant, fault, violations, caught };
}
