import { join } from 'node:path';
import { inCgroup } from './cgroup.ts';
import { trimFile } from './output-file.ts';
import { describeOutcome, type ProcessOutcome, runProcess } from './process-runner.ts';
import {
  type Budget,
  type CallLimits,
  failedState,
  left,
  type ResourceAdapter,
  type ResourceState,
  RUNNING,
  STOPPED,
  shareOf,
  startBudget,
  unhealthyState,
  waitUntil,
  within,
} from './resource-adapter.ts';

export interface CommandServiceOptions {
  /** Names the resource in messages. */
  readonly name: string;
  /** Names its output file: unique on this machine. */
  readonly id: string;
  readonly cwd: string | null;
  readonly startTimeoutMs: number;
  readonly stopTimeoutMs: number;
  readonly monitorTimeoutMs: number;
  /** Where the output of `start` goes, because the service that it leaves behind may inherit it. */
  readonly runDir: string;
  /** The control group of `start` and of what it leaves behind; null or left out: the daemon's own. */
  readonly cgroup?: string | null;
}

export type Verb = 'start' | 'stop' | 'monitor';
export type Exit = Extract<ProcessOutcome, { readonly kind: 'exited' }>;
/** `unknown`: the command could not find out. */
export type Verdict = 'running' | 'stopped' | 'unhealthy' | 'unknown';

/** Some services are seen a moment after the command that started them has ended. */
const SETTLE_MS = 1000;
/** How often a monitor command is run while a service that was just started gets ready. */
export const LOOK_EVERY_MS = 100;

/**
 * A service that is run by three commands, none through a shell. They are asked first how things are, so that those
 * which are not idempotent are never told what already is so.
 */
export abstract class CommandService implements ResourceAdapter {
  readonly name: string;
  readonly #options: CommandServiceOptions;

  constructor(options: CommandServiceOptions) {
    this.name = options.name;
    this.#options = options;
  }

  abstract validate(limits: CallLimits): Promise<ResourceState>;
  protected abstract command(verb: Verb): readonly string[];
  protected abstract environment(verb: Verb, deadlineMs: number): Readonly<Record<string, string>>;
  /** What the end of `monitor` tells of the service. */
  protected abstract judge(exit: Exit): Verdict;
  /** The same after a `stop` that succeeded, where "dead" and "not even installed" are as good as stopped. */
  protected abstract isDown(exit: Exit): boolean;

  /** How a command ended, for a message. */
  protected describe(command: readonly string[], outcome: ProcessOutcome): string {
    return describeOutcome(command, outcome);
  }

  async start(limits: CallLimits): Promise<ResourceState> {
    const budget = startBudget(limits);
    const before = await this.monitor(left(budget));
    if (before.kind === 'running') return RUNNING;
    // Half dead is not stopped: most start commands refuse, or start a second one beside it.
    if (before.kind === 'unhealthy') await this.perform('stop', left(budget));
    const outcome = await this.perform('start', left(budget));
    if (!succeeded(outcome)) return this.failed(`start: ${this.describe(this.command('start'), outcome)}`);
    const state = await this.#settled(budget);
    if (state.kind !== 'stopped') return state;
    return this.failed('its start command succeeded, but its monitor says that it is stopped');
  }

  async stop(limits: CallLimits): Promise<ResourceState> {
    const budget = startBudget(limits);
    if ((await this.monitor(left(budget))).kind === 'stopped') return STOPPED;
    const outcome = await this.perform('stop', left(budget));
    if (!succeeded(outcome)) return this.failed(`stop: ${this.describe(this.command('stop'), outcome)}`);
    const seen = await this.perform('monitor', left(budget));
    if (seen.kind === 'exited' && this.isDown(seen)) return STOPPED;
    const state = this.#read(seen);
    if (state.kind === 'failed') return state;
    return this.failed('its stop command succeeded, but its monitor says that it runs');
  }

  async monitor(limits: CallLimits): Promise<ResourceState> {
    // What the service itself goes on writing there is nobody else's to cut.
    await trimFile(this.#outputFile);
    return this.#read(await this.perform('monitor', limits));
  }

  protected async perform(verb: Verb, limits: CallLimits): Promise<ProcessOutcome> {
    const { cwd, startTimeoutMs, stopTimeoutMs, monitorTimeoutMs } = this.#options;
    const ownMs = { start: startTimeoutMs, stop: stopTimeoutMs, monitor: monitorTimeoutMs }[verb];
    const own = within(limits, ownMs);
    const cgroup = verb === 'start' ? (this.#options.cgroup ?? null) : null;
    return runProcess(inCgroup(this.command(verb), cgroup), {
      ...own,
      ...(cwd === null ? {} : { cwd }),
      ...(verb === 'start' ? { outputFile: this.#outputFile } : {}),
      env: this.environment(verb, own.deadlineMs),
    });
  }

  protected failed(reason: string): ResourceState {
    return failedState(`${this.name}: ${reason}`);
  }

  async #settled(budget: Budget): Promise<ResourceState> {
    let state: ResourceState = STOPPED;
    const runs = async () => {
      state = await this.monitor(left(budget));
      return state.kind === 'running' || state.kind === 'failed';
    };
    await waitUntil(runs, shareOf(budget, 1, SETTLE_MS), LOOK_EVERY_MS);
    return state;
  }

  #read(outcome: ProcessOutcome): ResourceState {
    const verdict = outcome.kind === 'exited' ? this.judge(outcome) : 'unknown';
    if (verdict === 'running') return RUNNING;
    if (verdict === 'stopped') return STOPPED;
    const reason = `${this.name}: monitor: ${this.describe(this.command('monitor'), outcome)}`;
    return verdict === 'unhealthy' ? unhealthyState(reason) : failedState(reason);
  }

  get #outputFile(): string {
    return join(this.#options.runDir, `${this.#options.id}.start.log`);
  }
}

const succeeded = (outcome: ProcessOutcome): boolean => outcome.kind === 'exited' && outcome.code === 0;
