import { bootOddities } from './boot-oddities.ts';
import { inCgroup } from './cgroup.ts';
import { findHaproxy, type HaproxyProcesses } from './haproxy-processes.ts';
import { awaitHealth, checkHealth, type HealthCheck } from './http-health.ts';
import { describeBindFailure } from './port-holder.ts';
import { describeOutcome, oneLine, runProcess } from './process-runner.ts';
import { isAlive, type ProcessEntry, resolveExecutable, signalProcess } from './process-table.ts';
import {
  type AtBoot,
  type Budget,
  type CallLimits,
  failedState,
  left,
  type Oddity,
  type ResourceAdapter,
  type ResourceState,
  RUNNING,
  STOPPED,
  shareOf,
  startBudget,
  waitUntil,
  within,
} from './resource-adapter.ts';
import { controlUnit, endUnit, readUnitState } from './systemd-unit.ts';

export interface HaproxyOptions {
  readonly config: string;
  readonly binary: string;
  /** Used where systemd runs and knows it; null: always the program itself. */
  readonly unit: string | null;
  readonly health: HealthCheck | null;
  readonly startTimeoutMs: number;
  readonly stopTimeoutMs: number;
  /** The control group that it starts in where no unit runs it; null or left out: the daemon's own. */
  readonly cgroup?: string | null;
  /** What a unit that starts with the machine means here. Default: odd. */
  readonly atBoot?: AtBoot;
}

/** Of the time that is left: for a running haproxy to answer again, and then for it to end before a restart. */
const HEAL_SHARE = 0.3;
/** Of the time for a stop, for requests to end. */
const DRAIN_SHARE = 0.6;
const OUTPUT_BYTES = 16 * 1024;

/**
 * haproxy as a resource: tested before it is started, in master-worker mode so that it can be reloaded, run by
 * systemd where systemd has its unit. It runs when its master lives *and* the health check answers.
 */
export class Haproxy implements ResourceAdapter {
  readonly name = 'haproxy';
  readonly #options: HaproxyOptions;
  #known: ProcessEntry | null = null;

  constructor(options: HaproxyOptions) {
    this.#options = options;
  }

  /** The last master that was seen. */
  get processes(): readonly ProcessEntry[] {
    return this.#known === null ? [] : [this.#known];
  }

  async validate(limits: CallLimits): Promise<ResourceState> {
    const command = [this.#options.binary, '-c', '-f', this.#options.config];
    const outcome = await runProcess(command, {
      ...limits,
      killGraceMs: 100,
      maxOutputBytes: OUTPUT_BYTES,
      keep: 'head',
    });
    if (outcome.kind === 'exited' && outcome.code === 0) return RUNNING;
    if (outcome.kind !== 'exited') return this.#failed(describeOutcome(command, outcome));
    return this.#failed(`"${command.join(' ')}" failed: ${alertsOf(outcome.output)}`);
  }

  oddities(limits: CallLimits): Promise<readonly Oddity[]> {
    return bootOddities(this.#options.unit, this.#options.atBoot ?? 'odd', limits);
  }

  async start(limits: CallLimits): Promise<ResourceState> {
    const budget = startBudget(within(limits, this.#options.startTimeoutMs));
    const running = await this.#master();
    if (running !== null) {
      const state = await this.#awaitHealth(shareOf(budget, HEAL_SHARE));
      if (state.kind === 'running' || budget.signal.aborted) return state;
    }
    const valid = await this.validate(left(budget));
    if (valid.kind === 'failed') return valid;
    // It lives but does not answer: a restart is what is left, and the new configuration was tested first.
    await this.#end(shareOf(budget, HEAL_SHARE));
    if (budget.signal.aborted) return this.#failed('its start was called off');
    const refused = await this.#launch(left(budget));
    if (refused !== '') return this.#failed(await describeBindFailure(refused));
    return this.#awaitHealth(budget);
  }

  async stop(limits: CallLimits): Promise<ResourceState> {
    const budget = startBudget(within(limits, this.#options.stopTimeoutMs));
    // Asked before systemd stops it, which would cut what is being answered.
    const master = await this.#master();
    if (master !== null) await this.#signal(master, 'SIGUSR1', shareOf(budget, DRAIN_SHARE));
    if (budget.signal.aborted) return this.#failed('its stop was called off');
    // Also when it has ended: its unit would start it again.
    const refused = await endUnit(this.#options.unit, budget);
    await this.#end(budget);
    const remains = (await this.#processes()).master;
    if (remains === null) return refused === '' ? STOPPED : this.#failed(refused);
    return this.#failed(
      `its master (pid ${remains.pid}) could not be ended; look at it with "ps ${remains.pid}"`,
    );
  }

  async monitor(limits: CallLimits): Promise<ResourceState> {
    if ((await this.#master()) === null) return STOPPED;
    const state = await checkHealth(this.#options.health, limits);
    return 'reason' in state ? { ...state, reason: `haproxy: ${state.reason}` } : state;
  }

  /** '' when started, else what was said. */
  async #launch(limits: CallLimits): Promise<string> {
    const state = await this.#unitState(limits);
    const unit = this.#options.unit ?? '';
    // Beside its unit it would be out of systemd's sight, and in its way.
    if (state === 'unknown') return `systemd does not tell of ${unit}`;
    if (state !== 'absent') {
      // A unit that failed too often in a short time refuses to start until it is told to forget it.
      await controlUnit('reset-failed', unit, limits);
      return controlUnit('start', unit, limits);
    }
    const command = [this.#options.binary, '-W', '-D', '-f', this.#options.config];
    const outcome = await runProcess(inCgroup(command, this.#options.cgroup ?? null), {
      ...limits,
      killGraceMs: 200,
    });
    if (outcome.kind === 'exited' && outcome.code === 0) return '';
    return outcome.kind === 'exited' ? alertsOf(outcome.output) : describeOutcome(command, outcome);
  }

  #awaitHealth(budget: Budget): Promise<ResourceState> {
    const { health, config } = this.#options;
    const lives = async () => (await this.#master()) !== null;
    return awaitHealth(
      { name: 'haproxy', health, lives, absent: `no master appeared with "-f ${config}"` },
      budget,
    );
  }

  /** At once: the time for requests to end is over, or nobody is answered anyway. */
  async #end(budget: Budget): Promise<void> {
    const { master, workers } = await this.#processes();
    if (master !== null) await this.#signal(master, 'SIGTERM', shareOf(budget, 0.5));
    // Workers end with their master, unless they hang.
    for (const entry of [...(master === null ? [] : [master]), ...workers]) {
      if (budget.signal.aborted) return;
      await this.#signal(entry, 'SIGKILL', shareOf(budget, 0.5));
    }
  }

  async #signal(entry: ProcessEntry, signal: NodeJS.Signals, budget: Budget): Promise<void> {
    await signalProcess(entry, signal);
    await waitUntil(async () => !(await isAlive(entry)), budget);
  }

  /** As it was last seen, while it lives: looking through all processes costs more. */
  async #master(): Promise<ProcessEntry | null> {
    if (this.#known !== null && (await isAlive(this.#known))) return this.#known;
    return (await this.#processes()).master;
  }

  async #processes(): Promise<HaproxyProcesses> {
    const found = await findHaproxy(await resolveExecutable(this.#options.binary), this.#options.config);
    this.#known = found.master;
    return found;
  }

  async #unitState(limits: CallLimits) {
    return this.#options.unit === null ? 'absent' : readUnitState(this.#options.unit, limits);
  }

  #failed(reason: string): ResourceState {
    return failedState(`haproxy: ${reason}`);
  }
}

/** What is wrong, without the version, the process number and the closing words of every refusal. */
function alertsOf(output: string): string {
  const alerts = output.split('\n').filter((line) => line.startsWith('[ALERT]'));
  const telling = alerts.filter((line) => !/Fatal errors found|Error\(s\) found/.test(line));
  const words = telling.map((line) => line.replace(/^\[ALERT\]\s*\(\d+\) : (config : )?/, ''));
  return words.length === 0 ? oneLine(output) : oneLine(words.slice(0, 2).join('\n'));
}
