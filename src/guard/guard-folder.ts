import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { ServiceResource } from '../config/resources-schema.ts';
import type { GroupName } from '../core/types.ts';
import type { ProcessEntry } from '../resources/process-table.ts';
import { RecordFile, readRecord } from './record-file.ts';

/** What belongs to one exclusive group on this node, as its daemon runs it. */
export interface Duty {
  /** The folder of the control group into which the daemon starts its processes. */
  readonly cgroup: string;
  /** In the order of the file, the address left out. */
  readonly resources: readonly ServiceResource[];
  readonly runDir: string;
}

/** What a guard is there for: written whole, before it is started and before any end of authority is told. */
export interface Duties {
  readonly daemon: Pick<ProcessEntry, 'pid' | 'startTicks'>;
  readonly groups: Readonly<Record<GroupName, Duty>>;
}

const VERSION = 1;

/**
 * The files between a daemon and its guard, each with one writer and read without waiting. All of them are of one
 * boot: pids and CLOCK_BOOTTIME of another mean nothing, whatever file system the folder is on.
 */
export class GuardFolder {
  readonly path: string;
  readonly #bootId: string;
  readonly #boot: number;

  constructor(path: string) {
    this.path = path;
    this.#bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    this.#boot = crc32(this.#bootId);
  }

  /** Where the output of a guard goes that is no unit of systemd. */
  get logPath(): string {
    return join(this.path, 'guard.log');
  }

  get watchPath(): string {
    return join(this.path, 'watch');
  }

  /** Null: there are none, or nothing that this version understands. */
  readDuties(): Duties | null {
    return this.#readJson('duties.json') as Duties | null;
  }

  /** Throws where it cannot be written. */
  writeDuties(duties: Duties): void {
    this.#writeJson('duties.json', duties);
  }

  /** Tells the end of authority, CLOCK_BOOTTIME in milliseconds; 0: nothing to guard. Throws on a disk that fails. */
  openEnd(group: GroupName): { write(endMs: number): void; close(): void } {
    return this.#open(this.endPath(group));
  }

  /** The last that was told; null: nothing was, or it cannot be read. */
  readEnd(group: GroupName): number | null {
    const [endMs, boot] = readRecord(this.endPath(group)) ?? [];
    return endMs === undefined || boot !== this.#boot ? null : endMs;
  }

  /** For the guard to say that it has just looked. */
  openWatch(): { write(nowMs: number): void; close(): void } {
    return this.#open(this.watchPath, process.pid);
  }

  /** When a guard looked last, and which; null: none did. */
  lastLook(): { readonly atBoottimeMs: number; readonly pid: number } | null {
    const [atBoottimeMs, boot, pid] = readRecord(this.watchPath) ?? [];
    if (atBoottimeMs === undefined || pid === undefined || boot !== this.#boot) return null;
    return { atBoottimeMs, pid };
  }

  /** What the guard did and its daemon has to hear. Throws where it cannot be written. */
  writeDeed(group: GroupName, sentence: string): void {
    this.#writeJson(`${group}.deed.json`, { sentence });
  }

  /** Once; null: nothing. */
  takeDeed(group: GroupName): string | null {
    const deed = this.#readJson(`${group}.deed.json`) as { readonly sentence: string } | null;
    if (deed !== null) rmSync(join(this.path, `${group}.deed.json`), { force: true });
    return deed?.sentence ?? null;
  }

  endPath(group: GroupName): string {
    return join(this.path, `${group}.end`);
  }

  #open(path: string, ...more: readonly number[]) {
    const file = new RecordFile(path);
    return {
      write: (number: number) => file.write([number, this.#boot, ...more]),
      close: () => file.close(),
    };
  }

  #readJson(name: string): object | null {
    try {
      const value = JSON.parse(readFileSync(join(this.path, name), 'utf8'));
      return value.version === VERSION && value.bootId === this.#bootId ? value : null;
    } catch {
      return null;
    }
  }

  /** Parameters of resources may be secret. */
  #writeJson(name: string, value: object): void {
    const path = join(this.path, name);
    const text = JSON.stringify({ version: VERSION, bootId: this.#bootId, ...value });
    writeFileSync(`${path}.new`, `${text}\n`, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }
}
