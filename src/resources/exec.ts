import { join } from 'node:path';
import { describeOutcome, runProcess } from './process-runner.ts';
import {
  type CallLimits,
  failedState,
  type ResourceAdapter,
  type ResourceState,
  RUNNING,
  STOPPED,
  unhealthyState,
} from './resource-adapter.ts';

export interface ExecOptions {
  /** Names the resource in messages and its output file: unique on this machine. */
  readonly id: string;
  readonly start: readonly string[];
  readonly stop: readonly string[];
  readonly monitor: readonly string[];
  readonly cwd: string | null;
  readonly env: Readonly<Record<string, string>>;
  readonly startTimeoutMs: number;
  readonly stopTimeoutMs: number;
  readonly monitorTimeoutMs: number;
  /** Where the output of `start` goes, because the service that it leaves behind may inherit it. */
  readonly runDir: string;
}

/** What the monitor of an OCF agent (7) and the status of an LSB script (3) answer for "not running". */
const NOT_RUNNING = [3, 7];

/**
 * A service that is run by three commands of the operator's, none through a shell. `monitor` exits with 0
 * when it runs, with 3 (LSB) or 7 (OCF) when it is stopped, with anything else when it runs badly.
 * They are asked first, so that scripts which are not idempotent are never told what already is so.
 */
export class ExecResource implements ResourceAdapter {
  readonly name: string;
  readonly #options: ExecOptions;

  constructor(options: ExecOptions) {
    this.name = `exec ${options.id}`;
    this.#options = options;
  }

  async validate(): Promise<ResourceState> {
    // Whether a command of the operator's would work cannot be asked without running it.
    return STOPPED;
  }

  async start(limits: CallLimits): Promise<ResourceState> {
    const before = await this.monitor(limits);
    if (before.kind === 'running') return RUNNING;
    // Half dead is not stopped: most start commands refuse, or start a second one beside it.
    if (before.kind === 'unhealthy') {
      await this.#run(this.#options.stop, limits, this.#options.stopTimeoutMs, false);
    }
    const failure = await this.#run(this.#options.start, limits, this.#options.startTimeoutMs, true);
    if (failure !== '') return failedState(`${this.name}: start: ${failure}`);
    const state = await this.monitor(limits);
    if (state.kind !== 'stopped') return state;
    return failedState(`${this.name}: its start command succeeded, but its monitor says that it is stopped`);
  }

  async stop(limits: CallLimits): Promise<ResourceState> {
    if ((await this.monitor(limits)).kind === 'stopped') return STOPPED;
    const failure = await this.#run(this.#options.stop, limits, this.#options.stopTimeoutMs, false);
    if (failure !== '') return failedState(`${this.name}: stop: ${failure}`);
    const state = await this.monitor(limits);
    if (state.kind === 'stopped' || state.kind === 'failed') return state;
    return failedState(`${this.name}: its stop command succeeded, but its monitor says that it runs`);
  }

  async monitor(limits: CallLimits): Promise<ResourceState> {
    const command = this.#options.monitor;
    const outcome = await runProcess(command, this.#runOptions(limits, this.#options.monitorTimeoutMs));
    if (outcome.kind === 'exited' && outcome.code === 0) return RUNNING;
    if (outcome.kind === 'exited' && NOT_RUNNING.includes(outcome.code)) return STOPPED;
    const reason = `${this.name}: monitor: ${describeOutcome(command, outcome)}`;
    return outcome.kind === 'exited' ? unhealthyState(reason) : failedState(reason);
  }

  async #run(
    command: readonly string[],
    limits: CallLimits,
    timeoutMs: number,
    leavesService: boolean,
  ): Promise<string> {
    const options = this.#runOptions(limits, timeoutMs);
    const file = join(this.#options.runDir, `${this.#options.id}.start.log`);
    const outcome = await runProcess(command, leavesService ? { ...options, outputFile: file } : options);
    return outcome.kind === 'exited' && outcome.code === 0 ? '' : describeOutcome(command, outcome);
  }

  #runOptions(limits: CallLimits, timeoutMs: number) {
    const { cwd, env } = this.#options;
    return {
      signal: limits.signal,
      deadlineMs: Math.min(limits.deadlineMs, timeoutMs),
      ...(cwd === null ? {} : { cwd }),
      env,
    };
  }
}
