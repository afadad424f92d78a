import type { Fault, FaultRun } from './fault.ts';
import { FaultRunner, type RunnerOptions } from './fault-runner.ts';

interface Job {
  readonly fault: Fault;
  readonly done: PromiseWithResolvers<FaultRun>;
}

/** A fault that was not begun. */
export class PoolClosedError extends Error {
  override readonly name = 'PoolClosedError';
}

/** Several clusters at a time: most of what a fault takes is waiting. */
export class FaultPool {
  readonly #runners: readonly FaultRunner[];
  #work: Promise<void> = Promise.resolve();
  #closing = false;

  constructor(options: RunnerOptions & { readonly lanes: number }) {
    this.#runners = Array.from({ length: options.lanes }, () => new FaultRunner(options));
  }

  /**
   * Runs them all, after what was started before, those that want the machine for themselves first. Gives a promise
   * for each, in the same order; one that is rejected says that no cluster could be had, and the others go on.
   */
  start(faults: readonly Fault[]): Promise<FaultRun>[] {
    const jobs = faults.map((fault) => ({ fault, done: Promise.withResolvers<FaultRun>() }));
    // Who awaits them one after another must not leave a later failure unhandled meanwhile.
    for (const { done } of jobs) done.promise.catch(() => {});
    this.#work = this.#work.then(() => this.#runAll(jobs));
    return jobs.map(({ done }) => done.promise);
  }

  /** Begins nothing more, and waits for what is under way: a process that ends meanwhile would leave it behind. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.#work;
    for (const runner of this.#runners) await runner.close();
  }

  async #runAll(jobs: readonly Job[]): Promise<void> {
    await this.#perform(
      this.#runners[0]!,
      jobs.filter(({ fault }) => fault.wantsMachine === true),
    );
    await this.#runners[0]!.leaveCluster().catch(reportLeftover);
    const batches = batchesOf(jobs.filter(({ fault }) => fault.wantsMachine !== true));
    const lane = async (runner: FaultRunner) => {
      for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) {
        await this.#perform(runner, batch);
        await runner.leaveCluster().catch(reportLeftover);
      }
    };
    await Promise.all(this.#runners.map(lane));
  }

  async #perform(runner: FaultRunner, jobs: readonly Job[]): Promise<void> {
    for (const { fault, done } of jobs) {
      if (this.#closing) done.reject(new PoolClosedError('the pool was closed before its turn'));
      else await runner.run(fault).then(done.resolve, done.reject);
    }
  }
}

/** The next cluster's start removes it by its record; the runs themselves were not disturbed. */
const reportLeftover = (error: unknown): void => console.error('a cluster was not closed entirely:', error);

/** So many faults share a cluster at most: one long batch would keep the other lanes waiting. */
const BATCH_MOST = 4;

/** Neighbours that may share use one cluster, and so belong to one lane. */
function batchesOf(jobs: readonly Job[]): Job[][] {
  const batches: Job[][] = [];
  for (const job of jobs) {
    const last = batches.at(-1);
    if (last !== undefined && last.length < BATCH_MOST && mayShare(last.at(-1)!.fault, job.fault))
      last.push(job);
    else batches.push([job]);
  }
  return batches;
}

const mayShare = (before: Fault, next: Fault): boolean =>
  before.leavesNoTrace === true && before.setup === next.setup && before.program === next.program;
