import type { Expectation, Fault, FaultRun } from './fault.ts';
import { FaultWorld } from './fault-world.ts';

/** How long the cluster has after a script to come to where it is expected. */
const SETTLE_WITHIN_MS = 20_000;
/** Nobody may move the address again, or lose a request, in this time after it has settled. */
const AFTERWARDS_MS = 700;
const REST_WITHIN_MS = 5_000;

/** Runs faults one after another; those that leave no trace share a cluster with the next of their shape. */
export class FaultRunner {
  readonly #endpoint: string;
  readonly #full: boolean;
  #world: FaultWorld | null = null;

  constructor(options: { readonly endpoint: string; readonly full: boolean }) {
    this.#endpoint = options.endpoint;
    this.#full = options.full;
  }

  async run(fault: Fault): Promise<FaultRun> {
    const world = await this.#worldFor(fault);
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
    if (fault.leavesNoTrace !== true || violations.length > 0) await this.close();
    return { ...seen, counted: { ...world.counted }, violations };
  }

  async close(): Promise<void> {
    const world = this.#world;
    this.#world = null;
    await world?.close();
  }

  async #worldFor({ setup }: Fault): Promise<FaultWorld> {
    if (this.#world !== null) {
      if (this.#world.setup === setup && (await isAtRest(this.#world))) return this.#world;
      await this.close();
    }
    this.#world = await FaultWorld.open(this.#endpoint, setup, this.#full);
    return this.#world;
  }

  async #judge(world: FaultWorld, expected: Expectation, violations: string[]) {
    if (expected.serves !== 'either') {
      const { serves } = expected;
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
