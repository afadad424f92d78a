import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

/** Of this machine; tests hand in their own. */
export interface CgroupSources {
  readonly readMounts?: () => string;
  /** Of this process, as in /proc/self/cgroup. */
  readonly readOwn?: () => string;
  /** Of systemd. */
  readonly readFirst?: () => string;
}

/** A hierarchy of control groups that tells which processes belong together. */
interface Hierarchy {
  /** Where this process is in it. */
  readonly own: string;
  /** Where process 1 keeps its slices. */
  readonly slices: string;
}

/** A process that was killed, for a sentence. */
export interface KilledProcess {
  readonly pid: number;
  readonly name: string;
}

/** More rounds would mean that somebody forks faster than he is killed; whoever asked looks again. */
const KILL_ROUNDS_MOST = 20;

/** The hierarchies in which systemd too keeps its units: version 2, then the named one of version 1. */
export function cgroupHierarchies(sources: CgroupSources = {}): readonly Hierarchy[] {
  const { readMounts = reader('/proc/self/mountinfo') } = sources;
  const { readOwn = reader('/proc/self/cgroup'), readFirst = reader('/proc/1/cgroup') } = sources;
  const found: Hierarchy[] = [];
  for (const line of readMounts().split('\n')) {
    // "36 35 0:30 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw": root and place, behind the dash the type.
    const [before = '', after = ''] = line.split(' - ');
    const [, , , root = '', mount = ''] = before.split(' ');
    const isSecond = after.startsWith('cgroup2 ');
    if (!isSecond && !(after.startsWith('cgroup ') && after.includes('name=systemd'))) continue;
    const placeOf = (cgroup: string): string => {
      const path = (isSecond ? /^0::(.*)$/m : /^\d+:name=systemd:(.*)$/m).exec(cgroup)?.[1] ?? '/';
      // In a container the mount may show a part of the tree, while processes are told their place in the whole.
      return join(mount, root !== '/' && path.startsWith(root) ? path.slice(root.length) : path);
    };
    const slices = placeOf(readFirst()).replace(/\/init\.scope$/, '');
    const hierarchy = { own: placeOf(readOwn()), slices };
    if (isSecond) found.unshift(hierarchy);
    else found.push(hierarchy);
  }
  return found;
}

const reader = (path: string) => (): string => readIfThere(path) ?? '';

/** Makes a control group below this process's own, and gives its folder. Throws when nowhere one may be made. */
export function makeCgroup(name: string, sources: CgroupSources = {}): string {
  let reason = 'there is no hierarchy of control groups here';
  for (const { own } of cgroupHierarchies(sources)) {
    const path = join(own, name);
    try {
      mkdirSync(path, { recursive: true });
      accessSync(join(path, 'cgroup.procs'), constants.W_OK);
      return path;
    } catch (error) {
      reason = (error as Error).message;
    }
  }
  throw new Error(reason);
}

/** Only an empty one goes. */
export function removeCgroup(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // It is in use, or gone already.
  }
}

/** Whether a process lives in the group or below it. */
export function isPopulated(path: string): boolean {
  const events = readIfThere(join(path, 'cgroup.events'));
  if (events !== null) return /^populated 1$/m.test(events);
  return processesIn(path).length > 0;
}

/** SIGKILL to everything in it and below it, also to what is just being forked. Never throws. */
export function killCgroup(path: string): readonly KilledProcess[] {
  const killed = new Map<number, KilledProcess>();
  for (let round = 0; round < KILL_ROUNDS_MOST; round += 1) {
    const pids = processesIn(path);
    if (pids.length === 0) break;
    // A mistake in a path must not end the one who kills.
    if (pids.includes(process.pid)) break;
    for (const pid of pids) if (!killed.has(pid)) killed.set(pid, { pid, name: nameOf(pid) });
    if (killAtOnce(path)) break;
    for (const pid of pids) killOne(pid);
  }
  return [...killed.values()];
}

/** Linux 5.14 and later. */
function killAtOnce(path: string): boolean {
  if (!existsSync(join(path, 'cgroup.kill'))) return false;
  try {
    writeFileSync(join(path, 'cgroup.kill'), '1');
    return true;
  } catch {
    return false;
  }
}

function killOne(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended between the look and the signal.
  }
}

/** The groups of these units of systemd, wherever their slices are. */
export function cgroupsOfUnits(units: readonly string[], sources: CgroupSources = {}): readonly string[] {
  if (units.length === 0) return [];
  const wanted = new Set(units);
  return cgroupHierarchies(sources).flatMap(({ slices }) => [...namedBelow(slices, wanted)]);
}

/** Units lie in slices and nowhere else. */
function* namedBelow(path: string, wanted: ReadonlySet<string>): Iterable<string> {
  for (const name of foldersIn(path)) {
    if (wanted.has(name)) yield join(path, name);
    else if (name.endsWith('.slice')) yield* namedBelow(join(path, name), wanted);
  }
}

function processesIn(path: string): number[] {
  const own = (readIfThere(join(path, 'cgroup.procs')) ?? '').split('\n').filter(Boolean).map(Number);
  return [...own, ...foldersIn(path).flatMap((name) => processesIn(join(path, name)))];
}

function foldersIn(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch {
    return [];
  }
}

const nameOf = (pid: number): string => (readIfThere(`/proc/${pid}/comm`) ?? 'gone').trim();

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/**
 * The same command, which enters the group before it becomes itself: whatever it starts is in there too, however
 * early. Without a group it is the command as it is.
 */
export function inCgroup(command: readonly string[], cgroup: string | null): readonly string[] {
  if (cgroup === null) return command;
  return ['/bin/sh', '-c', 'echo 0 > "$0" && exec "$@"', join(cgroup, 'cgroup.procs'), ...command];
}
