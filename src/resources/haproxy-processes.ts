import { escapeRegExp, findProcesses, inOurNamespace, type ProcessEntry } from './process-table.ts';

/** The processes of one haproxy. */
export interface HaproxyProcesses {
  /** Of a master and its workers the master; without master-worker mode the program itself. */
  readonly master: ProcessEntry | null;
  /** Its workers, those too whose master is gone. */
  readonly workers: readonly ProcessEntry[];
}

/**
 * All haproxy processes that were started with exactly this configuration, in our pid namespace. A worker calls
 * itself as its master does: it is one when its parent is an haproxy, or when it is an orphan.
 */
export async function findHaproxy(executable: string, config: string): Promise<HaproxyProcesses> {
  const withConfig = new RegExp(`\\s-f\\s+${escapeRegExp(config)}(\\s|$)`);
  const all = await findProcesses(() => true);
  const found: ProcessEntry[] = [];
  for (const entry of all) {
    const isOurs = entry.executable === executable && withConfig.test(entry.title);
    if (isOurs && (await inOurNamespace(entry))) found.push(entry);
  }
  const pids = new Set(found.map(({ pid }) => pid));
  const parents = new Set(found.map(({ parentPid }) => parentPid));
  const living = new Set(all.map(({ pid }) => pid));
  const isMaster = (entry: ProcessEntry) =>
    !pids.has(entry.parentPid) && (parents.has(entry.pid) || !isOrphan(entry, living));
  return { master: found.find(isMaster) ?? null, workers: found.filter((entry) => !isMaster(entry)) };
}

/**
 * A worker whose master is dead: a master in the background, or of a unit, leads its session and its process group,
 * and its workers stay in both. One that was started in the foreground need not lead either, and whoever started it
 * may have ended; a session of 0 is led from outside our pid namespace.
 */
const isOrphan = ({ pid, sessionId, groupId }: ProcessEntry, living: ReadonlySet<number>) =>
  sessionId === groupId && sessionId !== pid && sessionId !== 0 && !living.has(sessionId);
