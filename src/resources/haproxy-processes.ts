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
 * itself as its master does; it has an haproxy for a parent or, its master being dead, belongs to a session whose
 * leader is gone.
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
  const living = new Set(all.map(({ pid }) => pid));
  const isMaster = (entry: ProcessEntry) => !pids.has(entry.parentPid) && living.has(entry.sessionId);
  return { master: found.find(isMaster) ?? null, workers: found.filter((entry) => !isMaster(entry)) };
}
