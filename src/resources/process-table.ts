import { readFileSync, readlinkSync } from 'node:fs';
import { readdir, readFile, readlink, realpath } from 'node:fs/promises';

/** One process as /proc shows it. */
export interface ProcessEntry {
  readonly pid: number;
  readonly parentPid: number;
  readonly groupId: number;
  readonly sessionId: number;
  /** Clock ticks from boot to its start: with the pid, and until the next boot, this names one process only. */
  readonly startTicks: number;
  readonly zombie: boolean;
  /** What the process calls itself; '' for kernel threads. */
  readonly title: string;
  /** The program file, without the " (deleted)" that a package upgrade leaves; '' when it may not be read. */
  readonly executable: string;
}

/**
 * It has ended, or may not be looked at: a process that hidepid hides from us is none that we started or could
 * manage, and one whose number another user's process has now is gone. One whose program lies deeper than a path may be
 * long, which any user can start, is none of ours either, and must not hide the others.
 */
const NOT_THERE = new Set(['ENOENT', 'ESRCH', 'EACCES', 'EPERM', 'ENAMETOOLONG']);

/** For a catch. Any other error (EMFILE, ENOMEM, EIO) is our own trouble and says nothing of what was looked for. */
export const ifNotThere =
  <T>(value: T) =>
  (error: unknown): T => {
    if (NOT_THERE.has((error as NodeJS.ErrnoException).code ?? '')) return value;
    throw error;
  };

/** Null when there is no such process, or it is only a zombie waiting for its parent. Throws when it cannot tell. */
export async function readProcess(pid: number): Promise<ProcessEntry | null> {
  try {
    const [stat, cmdline] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'utf8'),
      readFile(`/proc/${pid}/cmdline`, 'utf8'),
    ]);
    const entry = parseStat(stat);
    if (entry === null || entry.zombie) return null;
    const executable = await readlink(`/proc/${pid}/exe`).catch(ifNotThere(''));
    return {
      ...entry,
      title: cmdline.replaceAll('\0', ' ').trim(),
      executable: executable.replace(/ \(deleted\)$/, ''),
    };
  } catch (error) {
    return ifNotThere(null)(error);
  }
}

/** The program's name stands in parentheses and may hold anything, parentheses too: count from the last one. */
export function parseStat(stat: string): Omit<ProcessEntry, 'title' | 'executable'> | null {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const numbers = [fields[1], fields[2], fields[3], fields[19]].map(Number);
  const [parentPid, groupId, sessionId, startTicks] = numbers;
  const pid = Number.parseInt(stat, 10);
  if (![pid, ...numbers].every(Number.isInteger)) return null;
  return {
    pid,
    parentPid: parentPid!,
    groupId: groupId!,
    sessionId: sessionId!,
    startTicks: startTicks!,
    zombie: fields[0] === 'Z' || fields[0] === 'X',
  };
}

/** What a process must be to be worth a closer look. */
export interface ProcessHints {
  readonly executable?: string;
  readonly sessionId?: number;
}

/** After so long in one go the heartbeats get their turn. */
const SLICE_MS = 2;

/**
 * Every process that matches. With hints, of which one look at each process tells, it takes a tenth of the time.
 * Throws when it cannot tell: a list that is too short says that a service has ended.
 */
export async function findProcesses(
  matches: (entry: ProcessEntry) => boolean,
  hints: ProcessHints = {},
): Promise<ProcessEntry[]> {
  const found: ProcessEntry[] = [];
  const names = await readdir('/proc');
  let sliceEndsMs = performance.now() + SLICE_MS;
  for (const name of names) {
    if (!/^\d+$/.test(name) || !fits(Number(name), hints)) continue;
    const entry = await readProcess(Number(name));
    if (entry !== null && matches(entry)) found.push(entry);
    if (performance.now() < sliceEndsMs) continue;
    await new Promise((resolve) => setImmediate(resolve));
    sliceEndsMs = performance.now() + SLICE_MS;
  }
  return found;
}

/** Read at once: unlike a command line, these two never wait for a lock of a process that hangs. */
function fits(pid: number, { executable, sessionId }: ProcessHints): boolean {
  try {
    if (sessionId !== undefined && statNow(pid)?.sessionId !== sessionId) return false;
    return executable === undefined || readlinkSync(`/proc/${pid}/exe`).startsWith(executable);
  } catch (error) {
    return ifNotThere(false)(error);
  }
}

const statNow = (pid: number) => parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));

/** With its pid this names this process, until the next boot. */
export const ownStartTicks = (): number => statNow(process.pid)?.startTicks ?? 0;

/**
 * Whether it is not known to have ended, in 20 µs and without a wait: for what is asked many times a second, and
 * followed by a closer look.
 */
export function livesNow({ pid, startTicks }: Pick<ProcessEntry, 'pid' | 'startTicks'>): boolean {
  try {
    const stat = statNow(pid);
    return stat !== null && !stat.zombie && stat.startTicks === startTicks;
  } catch (error) {
    return !NOT_THERE.has((error as NodeJS.ErrnoException).code ?? '');
  }
}

/** Whether the very same process still lives; another one under its number does not count. */
export async function isAlive(entry: ProcessEntry): Promise<boolean> {
  return (await readProcess(entry.pid))?.startTicks === entry.startTicks;
}

/** Signals the very same process only. */
export async function signalProcess(entry: ProcessEntry, signal: NodeJS.Signals): Promise<void> {
  if (!(await isAlive(entry))) return;
  try {
    process.kill(entry.pid, signal);
  } catch {
    // ESRCH: gone between the look and the signal.
  }
}

/** A random string that changes with every boot: pids and start ticks of another boot mean nothing. */
export async function readBootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => 'unknown')).trim();
}

/** The program's file behind links and PATH; what was asked for when there is none. */
export async function resolveExecutable(binary: string): Promise<string> {
  const path = process.env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin';
  const candidates = binary.includes('/')
    ? [binary]
    : [...path.split(':'), '/usr/sbin'].map((dir) => `${dir}/${binary}`);
  for (const candidate of candidates) {
    const found = await realpath(candidate).catch(() => null);
    if (found !== null) return found;
  }
  return binary;
}

/** Whether it lives in our pid namespace; one of a container is somebody else's. */
export async function inOurNamespace(entry: ProcessEntry): Promise<boolean> {
  const [ours, theirs] = await Promise.all([
    readlink('/proc/self/ns/pid').catch(ifNotThere('')),
    readlink(`/proc/${entry.pid}/ns/pid`).catch(ifNotThere('')),
  ]);
  return ours === theirs;
}

/** For a pattern that looks for a path in a process's title. */
export const escapeRegExp = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
