import type { Check } from './checks.ts';
import type { ProcessEntry } from './process-table.ts';
import {
  type Budget,
  type CallLimits,
  failedState,
  left,
  type Oddity,
  type ResourceAdapter,
  type ResourceState,
  shareOf,
  startBudget,
  unhealthyState,
  waitUntil,
} from './resource-adapter.ts';

/** Checks are asked again so often while a service that has just been started gets ready. */
const READY_LOOK_MS = 100;
/** A service that they do not like so long after its start has not been mended by it. */
const READY_MOST_MS = 10_000;

/**
 * A resource with checks of the operator's beside its own monitor. What they find unwell is restarted even where the
 * resource itself sees nothing wrong, and a start is over when they are content.
 */
export class CheckedResource implements ResourceAdapter {
  readonly name: string;
  readonly #resource: ResourceAdapter;
  readonly #checks: readonly Check[];
  readonly #timeoutMs: number;
  readonly #ownProcesses: () => readonly ProcessEntry[];

  /** `timeoutMs`: what one look may take, also within a start; `processes`: those that the checks found alive. */
  constructor(
    resource: ResourceAdapter,
    checks: readonly Check[],
    timeoutMs: number,
    processes: () => readonly ProcessEntry[],
  ) {
    this.name = resource.name;
    this.#resource = resource;
    this.#checks = checks;
    this.#timeoutMs = timeoutMs;
    this.#ownProcesses = processes;
  }

  get processes(): readonly ProcessEntry[] {
    return [...(this.#resource.processes ?? []), ...this.#ownProcesses()];
  }

  async oddities(limits: CallLimits): Promise<readonly Oddity[]> {
    return (await this.#resource.oddities?.(limits)) ?? [];
  }

  validate(limits: CallLimits): Promise<ResourceState> {
    return this.#resource.validate(limits);
  }

  stop(limits: CallLimits): Promise<ResourceState> {
    return this.#resource.stop(limits);
  }

  async monitor(limits: CallLimits): Promise<ResourceState> {
    const [own, checked] = await Promise.all([this.#resource.monitor(limits), this.#check(limits)]);
    return own.kind === 'running' ? checked : own;
  }

  async start(limits: CallLimits): Promise<ResourceState> {
    const budget = startBudget(limits);
    const before = await this.#resource.monitor(left(budget));
    if (before.kind === 'running' && (await this.#check(left(budget))).kind === 'unhealthy') {
      const stopped = await this.#resource.stop(left(budget));
      if (stopped.kind !== 'stopped') return stopped;
    }
    const started = await this.#resource.start(left(budget));
    return started.kind === 'running' ? this.#untilContent(shareOf(budget, 1, READY_MOST_MS)) : started;
  }

  async #untilContent(budget: Budget): Promise<ResourceState> {
    let state: ResourceState = unhealthyState(`${this.name}: it is not ready`);
    await waitUntil(
      async () => {
        const found = await this.#check(left(budget));
        // A last look that the deadline cut short knows less than the one before it.
        if (found.kind !== 'failed' || !budget.signal.aborted) state = found;
        return found.kind !== 'unhealthy';
      },
      budget,
      READY_LOOK_MS,
    );
    // A check that cannot run says nothing: the start itself has succeeded.
    return state.kind === 'unhealthy'
      ? failedState(`it was started but ${state.reason}`)
      : { kind: 'running' };
  }

  async #check({ deadlineMs, signal }: CallLimits): Promise<ResourceState> {
    const limits = { signal, deadlineMs: Math.min(deadlineMs, this.#timeoutMs) };
    const states = await Promise.all(this.#checks.map((check) => check(limits).catch(couldNotLook)));
    const worst =
      states.find((state) => state.kind === 'unhealthy') ?? states.find((state) => state.kind === 'failed');
    if (worst === undefined || !('reason' in worst)) return { kind: 'running' };
    return { ...worst, reason: `${this.name}: ${worst.reason}` };
  }
}

const couldNotLook = (error: Error): ResourceState => failedState(error.message);
