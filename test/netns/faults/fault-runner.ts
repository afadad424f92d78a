import { program as tested } from '../../support/netns/daemon.ts';
import { repeatWhenStarved } from '../../support/netns/repeat-when-starved.ts';
import { startStarvationGauge } from '../../support/netns/starvation.ts';
import type { Expectation, Fault, FaultRun } from './fault.ts';
import { FaultWorld } from './fault-world.ts';
import { SETUPS } from './setups.ts';

/** How long the cluster has after a script to come to where it is expected. */
const SETTLE_WITHIN_MS = 20_000;
/** Nobody may move the address again, or lose a request, in this time after it has settled. */
const AFTERWARDS_MS = 700;
const REST_WITHIN_MS = 5_000;

export interface RunnerOptions {
  /** LocalStack's. */
  readonly endpoint: string;
  /** As in FaultWorld. */
  readonly full: boolean;
}

/** Runs faults one after another; those that leave no trace share a cluster with the next of their shape. */
export class FaultRunner {
  readonly #options: RunnerOptions;
  readonly #gauge = startStarvationGauge();
  #world: FaultWorld | null = null;

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  /** Throws when no cluster could be had. */
  run(fault: Fault): Promise<FaultRun> {
    // Starvation is no excuse in the fault that it is.
    if (fault.wantsMachine === true) return this.#attempt(fault, 0);
    return repeatWhenStarved({
      name: fault.number,
      gauge: this.#gauge,
      windowMs: SETUPS[fault.setup].deadtimeMs,
      attempt: (repeated) => this.#attempt(fault, repeated),
      complaintAbout: ({ violations }) => violations.join('; '),
    });
  }

  async #attempt(fault: Fault, repeated: number): Promise<FaultRun> {
    const world = await this.#worldFor(fault);
    // What made the cluster slow to start has no part in what follows.
    this.#gauge.forget();
    const violations: string[] = [];
    await world.begin();
    try {
      await fault.script(world);
    } catch (error) {
      violations.push(describe(error));
    }
    await world.heal().catch((error: unknown) => violations.push(describe(error)));
    const seen = await this.#judge(world, fault.expected, violations);
    if (violations.length > 0) await world.printLogs();
    if (fault.leavesNoTrace !== true || violations.length > 0) await this.leaveCluster();
    return { ...seen, counted: { ...world.counted }, repeated, violations };
  }

  async close(): Promise<void> {
    this.#gauge.close();
    await this.leaveCluster();
  }

  /** The next fault gets a new one. */
  async leaveCluster(): Promise<void> {
    const world = this.#world;
    this.#world = null;
    await world?.close();
  }

  async #worldFor({ setup, program = tested }: Fault): Promise<FaultWorld> {
    if (this.#world !== null) {
      const fits = this.#world.setup === setup && this.#world.program === program;
      if (fits && (await isAtRest(this.#world))) return this.#world;
      await this.leaveCluster();
    }
    this.#world = await FaultWorld.open({ ...this.#options, setup, program, gauge: this.#gauge });
    return this.#world;
  }

  async #judge(world: FaultWorld, expected: Expectation, violations: string[]) {
    const { serves } = expected;
    // What has failed already is not waited for.
    if (serves !== 'either' && violations.length === 0) {
      await world
        .untilServes(serves, SETTLE_WITHIN_MS)
        .then(() => world.untilLeads(serves, SETTLE_WITHIN_MS))
        .catch((error: unknown) => violations.push(describe(error)));
    }
    await world.sleep(AFTERWARDS_MS);
    const { failed, longestGapMs, failures } = await world.availability();
    const { moves } = world;
    const [least, most] =
      typeof expected.moves === 'number' ? [expected.moves, expected.moves] : expected.moves;
    if (moves < least || moves > most) violations.push(`the address moved ${moves} times`);
    if (expected.lost === 'none' && failed > 0) {
      violations.push(`${failed} requests were lost: ${JSON.stringify(failures)}`);
    }
    if (longestGapMs > expected.gapMsMost) {
      violations.push(`nobody answered for ${Math.round(longestGapMs)} ms`);
    }
    return { lost: failed, longestGapMs, moves };
  }
}

async function isAtRest(world: FaultWorld): Promise<boolean> {
  try {
    await world.rest(REST_WITHIN_MS);
    return true;
  } catch {
    return false;
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}
