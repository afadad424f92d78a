import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { guardedEnd } from '../core/guarded-end.ts';
import type { CoreState } from '../core/state.ts';
import type { GroupName } from '../core/types.ts';
import { type Duty, GuardFolder } from '../guard/guard-folder.ts';
import { startGuard } from '../guard/start-guard.ts';
import type { Logger } from '../observability/logger.ts';
import { boottimeMs } from '../resources/boottime.ts';
import { isPopulated, makeCgroup } from '../resources/cgroup.ts';
import type { Confinement } from '../resources/create-chain.ts';
import { ownStartTicks } from '../resources/process-table.ts';
import type { Clock } from './clock.ts';
import type { Environment } from './daemon-parts.ts';

export interface GuardKeeperOptions {
  readonly directory: string;
  /** The exclusive groups that this node may lead. */
  readonly groups: Readonly<Record<GroupName, Omit<Duty, 'cgroup'>>>;
  readonly environment: Environment;
  /** '' or why no guard could be started; a test starts none. */
  readonly launch?: typeof startGuard;
  readonly log: Logger;
}

const LOOK_EVERY_MS = 250;
/** The guard says once a second that it is there. */
const GONE_AFTER_MS = 5_000;
const START_AGAIN_AFTER_MS = 5_000;
/** Later than any end that matters: of a node that is alone in its group. */
const NEVER_ENDS_MS = 1e12;

/** One exclusive group on the daemon's side. */
interface Guarded {
  readonly cgroup: string | null;
  /** '' or why no control group could be made. */
  readonly problem: string;
  end: ReturnType<GuardFolder['openEnd']> | null;
  /** What the guard heard last, own clock; null: nothing in this run of the daemon. */
  toldOwnMs: number | 'stopped' | null;
  /** The same as it stands in the file. */
  toldMs: number;
}

/**
 * The daemon's side of the guard: sees that one runs, tells it the end of authority after every step, and says why a
 * group may not be led where there is none.
 */
export class GuardKeeper {
  readonly #options: GuardKeeperOptions;
  readonly #folder: GuardFolder;
  readonly #groups = new Map<GroupName, Guarded>();
  #problem = 'its guard has not started yet';
  #launchedMs = Number.NEGATIVE_INFINITY;
  #launchFailure = '';
  #isOpen = false;
  #timer: NodeJS.Timeout | undefined;

  /** Makes the control groups; everything else waits for `start`. */
  constructor(options: GuardKeeperOptions) {
    this.#options = options;
    this.#folder = new GuardFolder(options.directory);
    const known = this.#folder.readDuties()?.groups ?? {};
    for (const group of Object.keys(options.groups)) {
      const place = placeOf(cgroupNameOf(group, options.directory), known[group]?.cgroup);
      this.#groups.set(group, { ...place, end: null, toldOwnMs: null, toldMs: 0 });
    }
  }

  /** What `createChain` needs to know of an exclusive group; null: no guard watches over this one. */
  confinement(group: GroupName): Confinement | null {
    const guarded = this.#groups.get(group);
    if (guarded === undefined) return null;
    return { cgroup: guarded.cgroup, whyNotStart: () => this.#whyNotStart(group, guarded) };
  }

  /** What an earlier daemon told last stands until this one has something to tell. `onChange`: `problemOf` differs. */
  start(onChange: () => void): void {
    this.#look(onChange);
    this.#timer = setInterval(() => this.#look(onChange), LOOK_EVERY_MS);
    this.#timer.unref();
  }

  close(): void {
    clearInterval(this.#timer);
    for (const { end } of this.#groups.values()) end?.close();
    this.#groups.clear();
  }

  /** '' or why this node must not begin to lead the group. */
  problemOf(group: GroupName): string {
    const guarded = this.#groups.get(group);
    return guarded === undefined ? '' : guarded.problem || this.#problem;
  }

  /**
   * After every step, before its effects. Throws when an end cannot be told: whoever calls must not go on, for the
   * others may hear of it.
   */
  tell(state: CoreState, clock: Pick<Clock, 'boottimeMs' | 'instant'>): void {
    for (const [group, guarded] of this.#groups) {
      const said = guardedEnd(state, group);
      if (said === null || guarded.end === null) continue;
      const toldOwnMs = said.kind === 'stopped' ? said.kind : said.ownMs;
      if (toldOwnMs === guarded.toldOwnMs) continue;
      const toldMs = toldOwnMs === 'stopped' ? 0 : inBoottime(toldOwnMs, clock);
      guarded.end.write(toldMs);
      guarded.toldOwnMs = toldOwnMs;
      guarded.toldMs = toldMs;
    }
  }

  #whyNotStart(group: GroupName, guarded: Guarded): string {
    if (guarded.problem !== '') return guarded.problem;
    if ((this.#folder.readEnd(group) ?? 0) <= boottimeMs()) return 'the right to run it has ended';
    // A guard that had nothing left to do may have taken it away.
    if (guarded.cgroup !== null) mkdirSync(guarded.cgroup, { recursive: true });
    return '';
  }

  #look(onChange: () => void): void {
    const problem = this.#whyNoGuard();
    if (problem === this.#problem) return;
    this.#problem = problem;
    onChange();
  }

  #whyNoGuard(): string {
    try {
      if (!this.#isOpen || this.#folder.readDuties() === null) this.#open();
    } catch (error) {
      return `its guard cannot be told anything: ${(error as Error).message}`;
    }
    this.#readDeeds();
    const nowMs = boottimeMs();
    const last = this.#folder.lastLook();
    if (last !== null && Math.abs(nowMs - last.atBoottimeMs) < GONE_AFTER_MS) return '';
    if (nowMs - this.#launchedMs > START_AGAIN_AFTER_MS) {
      this.#launchedMs = nowMs;
      void this.#launch();
    }
    const why = this.#launchFailure === '' ? '' : `: ${this.#launchFailure}`;
    return `its guard does not run${why}; without one nothing may begin here that must never run twice`;
  }

  /** Also when somebody has cleaned the folder away. */
  #open(): void {
    const { directory, groups } = this.#options;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    for (const [group, guarded] of this.#groups) {
      const end = this.#folder.openEnd(group);
      // The word of an earlier daemon stands.
      if (this.#folder.readEnd(group) === null) end.write(guarded.toldMs);
      guarded.end?.close();
      guarded.end = end;
    }
    const duties: Record<GroupName, Duty> = {};
    for (const [group, { cgroup }] of this.#groups) {
      if (cgroup !== null) duties[group] = { cgroup, ...groups[group]! };
    }
    const daemon = { pid: process.pid, startTicks: ownStartTicks() };
    this.#folder.writeDuties({ daemon, groups: duties });
    this.#isOpen = true;
  }

  async #launch(): Promise<void> {
    const { directory, environment, launch = startGuard } = this.#options;
    this.#launchFailure = await launch({ directory, logPath: this.#folder.logPath, environment });
  }

  /** What it did while nobody could hear of it. */
  #readDeeds(): void {
    for (const group of this.#groups.keys()) {
      const deed = this.#folder.takeDeed(group);
      if (deed !== null) this.#options.log.warn(`the guard says: ${deed}`);
    }
  }
}

/** Beside the control socket; where a unit is the guard, in the folder in which that looks. */
export const guardDirectory = (socketPath: string, environment: Environment): string =>
  environment.EIPKEEPER_GUARD_UNIT === undefined
    ? join(dirname(socketPath), 'guard')
    : join(environment.RUNTIME_DIRECTORY ?? '/run/eipkeeper', 'guard');

/** The folder tells nodes apart that are on one machine, as in a test. */
export const cgroupNameOf = (group: GroupName, directory: string): string =>
  `eipkeeper-${group}-${crc32(directory).toString(16).padStart(8, '0')}`;

/** Read in this order: a process that stands still in between tells an end that is too early, never one too late. */
function inBoottime(ownMs: number, clock: Pick<Clock, 'boottimeMs' | 'instant'>): number {
  const boottime = clock.boottimeMs();
  const { nowMs, suspendedMs } = clock.instant();
  return Math.min(Math.max(1, boottime + ownMs - (nowMs + suspendedMs)), NEVER_ENDS_MS);
}

/** Where what an earlier daemon started still runs is where the rest belongs. */
function placeOf(name: string, before: string | undefined): Pick<Guarded, 'cgroup' | 'problem'> {
  if (before !== undefined && isPopulated(before)) return { cgroup: before, problem: '' };
  try {
    return { cgroup: makeCgroup(name), problem: '' };
  } catch (error) {
    const reason = `no control group could be made for its processes, so nothing could end them all at once: ${(error as Error).message}; run eipkeeper as root, with the unit of the package`;
    return { cgroup: null, problem: reason };
  }
}
