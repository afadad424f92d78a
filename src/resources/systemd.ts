import { type ProcessEntry, readProcess } from './process-table.ts';
import {
  type AtBoot,
  type Budget,
  type CallLimits,
  failedState,
  left,
  pause,
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
import { controlUnit, readUnit, stateOf, type UnitAnswer, type UnitProperties } from './systemd-unit.ts';

export interface SystemdOptions {
  /** With its suffix, "app.service". */
  readonly unit: string;
  readonly atBoot: AtBoot;
  readonly startTimeoutMs: number;
  readonly stopTimeoutMs: number;
  readonly monitorTimeoutMs: number;
}

/** systemd calls these started before they have done anything: one that cannot run mostly ends within this. */
const STARTED_UNSEEN = ['simple', 'exec', 'idle'];
const SETTLE_MS = 100;
/** Of the time for a stop, for a unit to end by itself. */
const POLITE_SHARE = 0.8;
/** Between two looks, each of which is a process: systemd's own states change more slowly. */
const LOOK_EVERY_MS = 50;
const KILL_EVERY_MS = 300;
const LAST_LOOK_MS = 300;

/** Any unit of systemd, started, stopped and asked by systemctl. */
export class SystemdUnit implements ResourceAdapter {
  readonly name: string;
  readonly #options: SystemdOptions;
  #main: ProcessEntry | null = null;

  constructor(options: SystemdOptions) {
    this.name = `systemd ${options.unit}`;
    this.#options = options;
  }

  /** The main process as it was last seen; other kinds of units have none. */
  get processes(): readonly ProcessEntry[] {
    return this.#main === null ? [] : [this.#main];
  }

  async validate(limits: CallLimits): Promise<ResourceState> {
    const answer = await this.#read(limits);
    if (answer.kind === 'unknown') return this.#failed(answer.reason);
    const wrong = this.#whyUnfit(answer.unit);
    if (wrong !== '') return this.#failed(wrong);
    const kind = stateOf(answer.unit) === 'active' ? 'running' : 'stopped';
    if (!startsAtBoot(answer.unit) || this.#options.atBoot === 'welcome') return { kind };
    const atBoot = `${this.#options.unit} is enabled, so at boot it starts on every node; "systemctl disable ${this.#options.unit}" leaves that to eipkeeper`;
    return this.#options.atBoot === 'forbidden'
      ? this.#failed(atBoot)
      : { kind, warning: `${this.name}: ${atBoot}` };
  }

  async start(limits: CallLimits): Promise<ResourceState> {
    const budget = startBudget(within(limits, this.#options.startTimeoutMs));
    const before = await this.#read(left(budget));
    if (before.kind === 'unknown') return this.#failed(before.reason);
    if (stateOf(before.unit) === 'active') return RUNNING;
    const wrong = this.#whyUnfit(before.unit);
    if (wrong !== '') return this.#failed(wrong);
    // A unit that failed too often in a short time refuses to start until it is told to forget it.
    if (before.unit.active === 'failed') await this.#control('reset-failed', left(budget));
    const refused = await this.#control('start', left(budget));
    if (budget.signal.aborted) return this.#failed('its start was called off');
    if (STARTED_UNSEEN.includes(before.unit.type)) await pause(SETTLE_MS, budget.signal);
    const after = await this.#lastLook(budget);
    if (after.kind === 'unknown') return this.#failed(after.reason);
    if (stateOf(after.unit) === 'active') return RUNNING;
    // A dependency that failed, or a permission that is missing, leaves no trace in the unit itself.
    const said = after.unit.active === 'inactive' && refused !== '' ? `: ${refused}` : '';
    return this.#failed(`${this.#whereItStands(after.unit, ' after its start')}${said}`);
  }

  async stop(limits: CallLimits): Promise<ResourceState> {
    const budget = startBudget(within(limits, this.#options.stopTimeoutMs));
    const before = await this.#read(left(budget));
    if (before.kind === 'known' && isDown(before.unit)) return STOPPED;
    await this.#control('stop', left(budget, POLITE_SHARE));
    let after = await this.#lastLook(budget);
    if (after.kind === 'known' && !isDown(after.unit) && !budget.signal.aborted) {
      after = await this.#kill(budget);
    }
    if (after.kind === 'unknown') return this.#failed(after.reason);
    if (!isDown(after.unit)) {
      return this.#failed(this.#whereItStands(after.unit, ' after its stop'));
    }
    // What ended by our signal has not failed in the eyes of whoever looks later.
    if (after.unit.active === 'failed') await this.#control('reset-failed', lastMoment(budget));
    return STOPPED;
  }

  async monitor(limits: CallLimits): Promise<ResourceState> {
    const budget = startBudget(within(limits, this.#options.monitorTimeoutMs));
    let answer = await this.#read(left(budget));
    const isSettled = () => answer.kind === 'unknown' || !isPassing(answer.unit);
    const settled = async () => {
      if (isSettled()) return true;
      const next = await this.#read(left(budget));
      // A last look that the deadline cut short knows less than the one before it.
      if (next.kind === 'known') answer = next;
      return isSettled();
    };
    await waitUntil(settled, budget, LOOK_EVERY_MS);
    if (answer.kind === 'unknown') return this.#failed(answer.reason);
    switch (stateOf(answer.unit)) {
      case 'active':
        return RUNNING;
      case 'inactive':
        return STOPPED;
      default:
        return unhealthyState(`${this.name}: ${this.#whereItStands(answer.unit)}`);
    }
  }

  /** Again and again: a unit killed in its stop still runs its ExecStopPost. */
  async #kill(budget: Budget): Promise<UnitAnswer> {
    let answer: UnitAnswer = { kind: 'unknown', reason: 'there was no time left to kill it', absent: false };
    const isGone = async () => {
      await this.#control('kill', left(budget));
      const pausing = shareOf(budget, 1, KILL_EVERY_MS);
      return waitUntil(
        async () => {
          answer = await this.#lastLook(budget);
          return answer.kind === 'known' && isDown(answer.unit);
        },
        pausing,
        LOOK_EVERY_MS,
      );
    };
    await waitUntil(isGone, budget);
    return answer;
  }

  /** '' when a start could succeed. */
  #whyUnfit(unit: UnitProperties): string {
    const { unit: name } = this.#options;
    if (unit.load === 'not-found') {
      return `there is no unit ${name}: install it, or look for its name with "systemctl list-unit-files"`;
    }
    if (unit.load === 'masked') return `${name} is masked: "systemctl unmask ${name}" allows it to start`;
    if (unit.load !== 'loaded') {
      return `${name} cannot be loaded (${unit.load}): "systemd-analyze verify ${name}" says why`;
    }
    if (unit.type === 'oneshot' && !unit.remainsAfterExit) {
      return `${name} is a oneshot service, which is never seen to run: write RemainAfterExit=yes into it`;
    }
    return '';
  }

  #whereItStands(unit: UnitProperties, when = ''): string {
    const { unit: name } = this.#options;
    const ended =
      unit.result === '' || unit.result === 'success' ? '' : `, ${unit.result}${exitStatusOf(unit)}`;
    return `${name} is ${unit.active}${when} (${unit.sub}${ended}); look at it with "journalctl --unit=${name}"`;
  }

  /** Asked also when the time is up: what came about in the last moment counts. */
  #lastLook(budget: Budget): Promise<UnitAnswer> {
    return this.#read(lastMoment(budget));
  }

  async #read(limits: CallLimits): Promise<UnitAnswer> {
    const answer = await readUnit(this.#options.unit, limits);
    const pid = answer.kind === 'known' ? answer.unit.mainPid : 0;
    // Only a sooner notice of its end hangs on this: what systemd says stands without it.
    this.#main = pid === 0 ? null : await readProcess(pid).catch(() => null);
    return answer;
  }

  #control(verb: 'start' | 'stop' | 'reset-failed' | 'kill', limits: CallLimits): Promise<string> {
    return controlUnit(verb, this.#options.unit, limits);
  }

  #failed(reason: string): ResourceState {
    return failedState(`${this.name}: ${reason}`);
  }
}

const lastMoment = (budget: Budget): CallLimits => ({
  signal: budget.signal,
  deadlineMs: Math.max(budget.remainingMs(), LAST_LOOK_MS),
});

const isDown = (unit: UnitProperties): boolean => unit.active === 'inactive' || unit.active === 'failed';

/** On its way to another state by itself. Waiting for its next restart is not: it does not serve, and may never. */
const isPassing = (unit: UnitProperties): boolean =>
  stateOf(unit) === 'changing' && unit.sub !== 'auto-restart';

/** An init script has no enabled state of its own: the target that wants it tells. */
const startsAtBoot = (unit: UnitProperties): boolean =>
  unit.file.startsWith('enabled') || (unit.file === 'generated' && unit.wantedBy !== '');

const exitStatusOf = ({ exitStatus }: UnitProperties): string =>
  exitStatus === '' || exitStatus === '0' ? '' : `, status ${exitStatus}`;
