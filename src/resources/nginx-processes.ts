import { readFile, readlink, realpath } from 'node:fs/promises';
import { findProcesses, type ProcessEntry, readProcess } from './process-table.ts';

/** What tells the processes of one nginx from those of another on the same machine. */
export interface NginxIdentity {
  /** The program's real file. */
  readonly executable: string;
  /** The configuration file given with -c. */
  readonly config: string;
  readonly pidFile: string;
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

/** The number in the pid file: of the master, or of the last one if it was killed. Null when there is none. */
export async function readPidFile(file: string): Promise<number | null> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const pid = Number.parseInt(text, 10);
  return Number.isInteger(pid) && pid > 1 ? pid : null;
}

/**
 * The running master of exactly this configuration: the one in the pid file, or, that file being lost, one
 * that was started with the same `-c`. A number alone proves nothing, numbers are used again: the process
 * must be this program, call itself a master, and live in our pid namespace (not in a container's).
 */
export async function findMaster(identity: NginxIdentity): Promise<ProcessEntry | null> {
  const pid = await readPidFile(identity.pidFile);
  const byPid = pid === null ? null : await readProcess(pid);
  if (byPid !== null && isMaster(byPid, identity)) return byPid;
  const withConfig = new RegExp(`\\s-c\\s?${escapeRegExp(identity.config)}(\\s|$)`);
  const [found] = await findProcesses((entry) => isMaster(entry, identity) && withConfig.test(entry.title));
  return found !== undefined && (await inOurNamespace(found)) ? found : null;
}

/**
 * Workers whose master was killed: they keep the port, and a new master cannot bind it. A master makes itself
 * the leader of a session when it goes into the background, and its workers inherit that session: so they are
 * told by `masterPid` (from the pid file, or as last seen), by the program, by their title, and by a parent
 * that is not an nginx any more.
 */
export async function findOrphans(
  identity: NginxIdentity,
  masterPid: number | null,
): Promise<readonly ProcessEntry[]> {
  if (masterPid === null) return [];
  const candidates = await findProcesses(
    (entry) =>
      entry.sessionId === masterPid &&
      entry.executable === identity.executable &&
      /^nginx: (worker|cache)/.test(entry.title),
  );
  const orphans: ProcessEntry[] = [];
  for (const entry of candidates) {
    const parent = await readProcess(entry.parentPid);
    if (parent?.executable === identity.executable) continue;
    if (await inOurNamespace(entry)) orphans.push(entry);
  }
  return orphans;
}

function isMaster(entry: ProcessEntry, identity: NginxIdentity): boolean {
  return entry.executable === identity.executable && entry.title.startsWith('nginx: master process');
}

async function inOurNamespace(entry: ProcessEntry): Promise<boolean> {
  const [ours, theirs] = await Promise.all([
    readlink('/proc/self/ns/pid').catch(() => ''),
    readlink(`/proc/${entry.pid}/ns/pid`).catch(() => ''),
  ]);
  return ours === theirs;
}

const escapeRegExp = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
