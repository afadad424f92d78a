import { GUARD_LEAD_MS } from '../core/guarded-end.ts';
import type { GroupName } from '../core/types.ts';
import type { Logger } from '../observability/logger.ts';
import {
  cgroupsOfUnits,
  isPopulated,
  type KilledProcess,
  killCgroup,
  removeCgroup,
} from '../resources/cgroup.ts';
import { createChain } from '../resources/create-chain.ts';
import type { Duty, GuardFolder } from './guard-folder.ts';

export interface GuardedGroupOptions {
  readonly name: GroupName;
  readonly duty: Duty;
  readonly folder: GuardFolder;
  /** CLOCK_BOOTTIME in milliseconds. */
  readonly boottimeMs: () => number;
  readonly log: Logger;
}

/** For what is no process of the group: units that systemd would start again, addresses, mounts. */
const CLEAN_UP_MOST_MS = 30_000;
const NAMES_MOST = 10;

/** One exclusive group as its guard sees it. */
export class GuardedGroup {
  readonly #options: GuardedGroupOptions;
  readonly #units: readonly string[];
  /** The last that could be read. */
  #endMs = 0;
  /** The end that was acted upon. */
  #actedMs = 0;
  #cleanUp: AbortController | null = null;

  constructor(options: GuardedGroupOptions) {
    this.#options = options;
    this.#units = options.duty.resources.flatMap(unitsOf);
  }

  /** Nothing of it runs, nothing is being ended, and no authority lasts. */
  get isQuiet(): boolean {
    return this.#cleanUp === null && !isPopulated(this.#options.duty.cgroup) && this.#remainingMs() <= 0;
  }

  /** Acts when the end has come. Answers in how many milliseconds it will, as far as is known. */
  look(): number {
    // Before the end is read: what was started under a newer word than the one that is read now is not seen here.
    const occupied = isPopulated(this.#options.duty.cgroup);
    this.#endMs = this.#options.folder.readEnd(this.#options.name) ?? this.#endMs;
    if (this.#endMs === 0) return Number.POSITIVE_INFINITY;
    const remainingMs = this.#remainingMs();
    if (remainingMs > 0) {
      // Authority is back, and with it the right to run what is being cleaned away.
      this.#cleanUp?.abort();
      return remainingMs;
    }
    if (this.#actedMs !== this.#endMs) this.#act();
    else if (occupied || this.#cleanUp !== null) this.#killAgain();
    return Number.POSITIVE_INFINITY;
  }

  close(): void {
    this.#cleanUp?.abort();
  }

  /** Takes the empty control group away: whoever starts something again makes it again. */
  leave(): void {
    removeCgroup(this.#options.duty.cgroup);
  }

  #remainingMs(): number {
    return this.#endMs - GUARD_LEAD_MS - this.#options.boottimeMs();
  }

  #act(): void {
    this.#actedMs = this.#endMs;
    const lateMs = -this.#remainingMs();
    const killed = this.#kill();
    const { name } = this.#options;
    const late = lateMs < GUARD_LEAD_MS ? 'ended' : `ended ${Math.round(lateMs)} ms ago`;
    this.#say(`the right to run ${name} ${late} and its daemon had not stopped it: killed ${listOf(killed)}`);
    void this.#cleanUpRest();
  }

  /** What was being started when the end came, and what systemd starts again. */
  #killAgain(): void {
    const killed = this.#kill();
    if (killed.length === 0) return;
    this.#say(
      `something of ${this.#options.name} was started without the right to run it: killed ${listOf(killed)}`,
    );
  }

  #kill(): readonly KilledProcess[] {
    const { cgroup } = this.#options.duty;
    return [...killCgroup(cgroup), ...cgroupsOfUnits(this.#units).flatMap((path) => killCgroup(path))];
  }

  /** The same stop as the daemon's: units are told to stay down, addresses and mounts go. */
  async #cleanUpRest(): Promise<void> {
    const { name, duty, log } = this.#options;
    const cleanUp = new AbortController();
    this.#cleanUp = cleanUp;
    const chain = createChain({
      group: name,
      kind: 'exclusive',
      standbyServices: 'stopped',
      resources: duty.resources,
      runDir: duty.runDir,
      onBlind: () => {},
      onWarning: () => {},
    });
    const result = await chain.stop({ deadlineMs: CLEAN_UP_MOST_MS, signal: cleanUp.signal });
    this.#cleanUp = null;
    if (cleanUp.signal.aborted) return;
    if (result.type === 'services-failed')
      log.error(`${name}: not everything could be ended: ${result.reason}`);
    else log.info(`${name}: nothing of it runs here any more`);
  }

  #say(sentence: string): void {
    const { name, folder, log } = this.#options;
    log.warn(sentence);
    try {
      folder.writeDeed(name, sentence);
    } catch (error) {
      log.warn(`its daemon will not hear of that: ${(error as Error).message}`);
    }
  }
}

/** The units in which systemd runs a resource, where it does. */
function unitsOf({ type, parameters }: Duty['resources'][number]): readonly string[] {
  if (type === 'systemd') return [parameters.unit];
  if ((type === 'nginx' || type === 'haproxy') && parameters.unit !== null) return [parameters.unit];
  return [];
}

function listOf(killed: readonly KilledProcess[]): string {
  if (killed.length === 0) return 'nothing, since no process of it ran';
  const named = killed.slice(0, NAMES_MOST).map(({ pid, name }) => `${name} (${pid})`);
  const more = killed.length > NAMES_MOST ? [`${killed.length - NAMES_MOST} more`] : [];
  return [...named, ...more].join(', ');
}
