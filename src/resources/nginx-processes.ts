import { readFile } from 'node:fs/promises';
import {
  escapeRegExp,
  findProcesses,
  ifNotThere,
  inOurNamespace,
  type ProcessEntry,
  readProcess,
} from './process-table.ts';

/** What tells the processes of one nginx from those of another on the same machine. */
export interface NginxIdentity {
  /** The program's real file. */
  readonly executable: string;
  /** The configuration file given with -c. */
  readonly config: string;
  readonly pidFile: string;
}

/** The number in the pid file: of the master, or of the last one if it was killed. Null when there is none. */
export async function readPidFile(file: string): Promise<number | null> {
  const text = await readFile(file, 'utf8').catch(ifNotThere(''));
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
  const [found] = await findProcesses((entry) => isMaster(entry, identity) && withConfig.test(entry.title), {
    executable: identity.executable,
  });
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
    { sessionId: masterPid },
  );
  const orphans: ProcessEntry[] = [];
  for (const entry of candidates) {
    const parent = await readProcess(entry.parentPid);
    if (parent?.executable === identity.executable) continue;
    if (await inOurNamespace(entry)) orphans.push(entry);
  }
  return orphans;
}

/** A worker that was asked to quit says so, and closes its listening sockets, before it ends its last requests. */
export async function hasLetGo(worker: ProcessEntry): Promise<boolean> {
  const now = await readProcess(worker.pid);
  return now?.startTicks !== worker.startTicks || now.title.includes('is shutting down');
}

function isMaster(entry: ProcessEntry, identity: NginxIdentity): boolean {
  return entry.executable === identity.executable && entry.title.startsWith('nginx: master process');
}
