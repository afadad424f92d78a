import { bootOddities } from './boot-oddities.ts';
import { inCgroup } from './cgroup.ts';
import { awaitHealth, checkHealth, type HealthCheck } from './http-health.ts';
import { type NginxSettings, readNginxSettings, testNginxConfig } from './nginx-config.ts';
import { findMaster, findOrphans, hasLetGo, type NginxIdentity, readPidFile } from './nginx-processes.ts';
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
  unhealthyState,
  waitUntil,
} from './resource-adapter.ts';
import { controlUnit, endUnit, readUnitState } from './systemd-unit.ts';

export interface NginxOptions {
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

/** How long workers without a master may finish what they are answering. */
const ORPHAN_GRACE_MS = 300;
/** Of the time that is left: for a running nginx to answer again, and then for it to end before a restart. */
const HEAL_SHARE = 0.3;

/**
 * nginx as a resource: tested before it is started, run by systemd where systemd has its unit, asked to
 * finish its requests before it is stopped. It runs when its master lives *and* the health check answers.
 */
export class Nginx implements ResourceAdapter {
  readonly name = 'nginx';
  readonly #options: NginxOptions;
  #settings: NginxSettings | null = null;
  /** Survives an emptied pid file: the session by which workers without a master are recognised. */
  #lastMaster: ProcessEntry | null = null;

  constructor(options: NginxOptions) {
    this.#options = options;
  }

  get processes(): readonly ProcessEntry[] {
    return this.#lastMaster === null ? [] : [this.#lastMaster];
  }

  async validate(limits: CallLimits): Promise<ResourceState> {
    const tested = await testNginxConfig(this.#options.binary, this.#options.config, limits);
    if (!tested.ok) return this.#failed(tested.reason);
    this.#settings = tested.settings;
    if (tested.settings.foreground && !(await this.#hasUnit(limits))) {
      return this.#failed(
        `${this.#options.config} says "daemon off" and no systemd unit runs it: remove that line or set "unit"`,
      );
    }
    return RUNNING;
  }

  oddities(limits: CallLimits): Promise<readonly Oddity[]> {
    return bootOddities(this.#options.unit, this.#options.atBoot ?? 'odd', limits);
  }

  async start(limits: CallLimits): Promise<ResourceState> {
    const budget = this.#budget(limits, this.#options.startTimeoutMs);
    const identity = await this.#identity(left(budget));
    const running = await this.#master(identity);
    if (running !== null) {
      const state = await this.#awaitHealth(identity, shareOf(budget, HEAL_SHARE));
      if (state.kind === 'running' || budget.signal.aborted) return state;
    }
    const valid = await this.validate(left(budget));
    if (valid.kind === 'failed') return valid;
    // It lives but does not answer: a restart is what is left, and the new configuration was tested first.
    if (running !== null) await this.#endMaster(running, shareOf(budget, HEAL_SHARE));
    const tested = await this.#identity(left(budget));
    // Their last requests may end beside the new master.
    await this.#clearOrphans(tested, budget, hasLetGo);
    if (budget.signal.aborted) return this.#failed('its start was called off');
    const refused = await this.#launch(left(budget));
    if (refused !== '') return this.#failed(await describeBindFailure(refused));
    return this.#awaitHealth(tested, budget);
  }

  async stop(limits: CallLimits): Promise<ResourceState> {
    const budget = this.#budget(limits, this.#options.stopTimeoutMs);
    const identity = await this.#identity(left(budget));
    // systemd first: it would take a master that ends behind its back for a crash, and restart it.
    const refused = await endUnit(this.#options.unit, budget);
    const master = await this.#master(identity);
    if (master !== null) await this.#endMaster(master, budget);
    await this.#clearOrphans(identity, budget, async (orphan) => !(await isAlive(orphan)));
    const remains = await this.#master(identity);
    if (remains === null) return refused === '' ? STOPPED : this.#failed(refused);
    return this.#failed(
      `its master (pid ${remains.pid}) could not be ended; look at it with "ps ${remains.pid}"`,
    );
  }

  async monitor(limits: CallLimits): Promise<ResourceState> {
    const identity = await this.#identity(limits);
    if ((await this.#master(identity)) === null) {
      const orphans = await findOrphans(identity, await this.#masterPid(identity));
      if (orphans.length === 0) return STOPPED;
      const reason = `its master is gone, ${orphans.length} of its workers still hold the port`;
      return unhealthyState(`nginx: ${reason}`);
    }
    const state = await checkHealth(this.#options.health, limits);
    return 'reason' in state ? { ...state, reason: `nginx: ${state.reason}` } : state;
  }

  #awaitHealth(identity: NginxIdentity, budget: Budget): Promise<ResourceState> {
    const lives = async () => (await this.#master(identity)) !== null;
    const absent = `no master appeared (pid file ${identity.pidFile})`;
    return awaitHealth({ name: 'nginx', health: this.#options.health, lives, absent }, budget);
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
    const command = [this.#options.binary, '-c', this.#options.config];
    const outcome = await runProcess(inCgroup(command, this.#options.cgroup ?? null), {
      ...limits,
      killGraceMs: 200,
    });
    if (outcome.kind === 'exited' && outcome.code === 0) return '';
    return outcome.kind === 'exited' ? oneLine(outcome.output) : describeOutcome(command, outcome);
  }

  /** SIGQUIT lets requests end; SIGTERM does not; SIGKILL cannot be refused. Each gets a share of the time. */
  async #endMaster(master: ProcessEntry, budget: Budget): Promise<void> {
    const shares: readonly (readonly [NodeJS.Signals, number])[] = [
      ['SIGQUIT', 0.7],
      ['SIGTERM', 0.6],
      ['SIGKILL', 1],
    ];
    for (const [signal, share] of shares) {
      // Nobody waits for this stop any more: what was asked politely goes on, but nothing is forced.
      if (budget.signal.aborted) return;
      await signalProcess(master, signal);
      if (await waitUntil(async () => !(await isAlive(master)), shareOf(budget, share))) return;
    }
  }

  /** Waits until each is out of the way, which `isOut` tells; who takes too long is killed. */
  async #clearOrphans(
    identity: NginxIdentity,
    budget: Budget,
    isOut: (orphan: ProcessEntry) => Promise<boolean>,
  ): Promise<void> {
    const orphans = await findOrphans(identity, await this.#masterPid(identity));
    if (orphans.length === 0) return;
    const gone = async () => (await Promise.all(orphans.map(isOut))).every((out) => out);
    for (const orphan of orphans) await signalProcess(orphan, 'SIGQUIT');
    if (await waitUntil(gone, shareOf(budget, 1, ORPHAN_GRACE_MS))) return;
    for (const orphan of orphans) if (!(await isOut(orphan))) await signalProcess(orphan, 'SIGKILL');
    await waitUntil(gone, shareOf(budget, 1, ORPHAN_GRACE_MS));
  }

  async #master(identity: NginxIdentity): Promise<ProcessEntry | null> {
    const master = await findMaster(identity);
    if (master !== null) this.#lastMaster = master;
    return master;
  }

  async #masterPid(identity: NginxIdentity): Promise<number | null> {
    return (await readPidFile(identity.pidFile)) ?? this.#lastMaster?.pid ?? null;
  }

  async #identity(limits: CallLimits): Promise<NginxIdentity> {
    const { binary, config } = this.#options;
    this.#settings ??= await readNginxSettings(binary, config, limits);
    return { executable: await resolveExecutable(binary), config, pidFile: this.#settings.pidFile };
  }

  async #unitState(limits: CallLimits) {
    return this.#options.unit === null ? 'absent' : readUnitState(this.#options.unit, limits);
  }

  async #hasUnit(limits: CallLimits): Promise<boolean> {
    return (await this.#unitState(limits)) !== 'absent';
  }

  #budget(limits: CallLimits, ownMs: number): Budget {
    return startBudget({ signal: limits.signal, deadlineMs: Math.min(limits.deadlineMs, ownMs) });
  }

  #failed(reason: string): ResourceState {
    return failedState(`nginx: ${reason}`);
  }
}
