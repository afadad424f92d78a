import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLogger, type Logger } from '../observability/logger.ts';
import { boottimeMs } from '../resources/boottime.ts';
import { livesNow } from '../resources/process-table.ts';
import { type Duties, GuardFolder } from './guard-folder.ts';
import { GuardedGroup } from './guarded-group.ts';

export interface GuardOptions {
  readonly directory: string;
  /** `process`, unless a test sends the signals. */
  readonly signals: { on(event: 'SIGTERM' | 'SIGINT', handler: () => void): unknown };
  readonly log?: Logger;
}

/** An earlier end of authority is seen within this; rule 3 leaves more than it before any such end. */
const LOOK_EVERY_MS = 100;
/** Its daemon sees by it that it is there. */
const SAY_EVERY_MS = 1_000;
/** Without a daemon, and with nothing that runs: a restart takes less. */
const STAY_MS = 30_000;
/** Another guard that looked so lately, and lives, is on duty. */
const OTHER_LOOKED_MS = 3_000;

/**
 * The guard of the exclusive groups of one node: a process apart from the daemon that ends what the daemon should
 * have stopped. It reads what the daemon wrote last, waits for nobody, and starts nothing. Resolves with an exit code
 * when there is nothing left to guard.
 */
export async function runGuard({
  directory,
  signals,
  log = createLogger({ level: 'info' }),
}: GuardOptions): Promise<number> {
  const folder = new GuardFolder(directory);
  if (folder.readDuties() === null) {
    log.info(`there is no exclusive group to guard in ${directory}`);
    return 0;
  }
  const other = folder.lastLook();
  if (other !== null && isOnDuty(other)) {
    log.info(`the process ${other.pid} guards already`);
    return 0;
  }
  let leaving = false;
  const leave = () => {
    leaving = true;
  };
  signals.on('SIGTERM', leave);
  signals.on('SIGINT', leave);
  const watch = new Watch(folder, log);
  while (!leaving) {
    const nextMs = watch.look();
    if (nextMs === null) {
      log.info('nothing is left to guard');
      watch.leave();
      break;
    }
    await sleep(nextMs);
  }
  watch.close();
  return 0;
}

function isOnDuty({ atBoottimeMs, pid }: { readonly atBoottimeMs: number; readonly pid: number }): boolean {
  if (pid === process.pid || boottimeMs() - atBoottimeMs > OTHER_LOOKED_MS) return false;
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8') !== '';
  } catch {
    return false;
  }
}

class Watch {
  readonly #folder: GuardFolder;
  readonly #log: Logger;
  readonly #stamp: ReturnType<GuardFolder['openWatch']>;
  #duties = '';
  #daemon: Duties['daemon'] = { pid: 0, startTicks: 0 };
  #groups: readonly GuardedGroup[] = [];
  #saidMs = 0;
  #neededMs = boottimeMs();

  constructor(folder: GuardFolder, log: Logger) {
    this.#folder = folder;
    this.#log = log;
    this.#stamp = folder.openWatch();
  }

  /** In how many milliseconds it wants to look again; null: never. */
  look(): number | null {
    const nowMs = boottimeMs();
    const isTimeToSay = nowMs - this.#saidMs >= SAY_EVERY_MS;
    if (isTimeToSay) this.#takeDuties();
    let nextMs = LOOK_EVERY_MS;
    for (const group of this.#groups) nextMs = Math.min(nextMs, group.look());
    if (isTimeToSay) {
      // Last: should this fail, the next guard comes as far as here, and has looked.
      this.#saidMs = nowMs;
      this.#stamp.write(nowMs);
      if (this.#isNeeded()) this.#neededMs = nowMs;
    }
    return nowMs - this.#neededMs > STAY_MS ? null : Math.max(1, nextMs);
  }

  leave(): void {
    for (const group of this.#groups) group.leave();
  }

  close(): void {
    for (const group of this.#groups) group.close();
    this.#stamp.close();
  }

  /** A daemon that starts writes them anew, mostly the same. */
  #takeDuties(): void {
    const duties = this.#folder.readDuties();
    if (duties === null) return;
    this.#daemon = duties.daemon;
    const text = JSON.stringify(duties.groups);
    if (text === this.#duties) return;
    this.#duties = text;
    for (const group of this.#groups) group.close();
    const shared = { folder: this.#folder, boottimeMs, log: this.#log };
    this.#groups = Object.entries(duties.groups).map(
      ([name, duty]) => new GuardedGroup({ name, duty, ...shared }),
    );
  }

  #isNeeded(): boolean {
    return livesNow(this.#daemon) || this.#groups.some(({ isQuiet }) => !isQuiet);
  }
}
