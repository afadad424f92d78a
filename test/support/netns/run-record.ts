import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeNamespace } from './namespace.ts';

/**
 * What a test run made outside its own memory, written down before it is made. A run that was killed leaves its
 * record, and the next run removes exactly what the record names; nothing is ever found by a pattern.
 */
interface RunRecord {
  readonly ownerPid: number;
  /** Pids are used again; the start time (field 22 of /proc/<pid>/stat) tells two owners apart. */
  readonly ownerStart: string;
  readonly namespaces: readonly string[];
  readonly directory: string;
}

const recordsFolder = join(tmpdir(), 'eipkeeper-netns-runs');

export async function writeRunRecord(
  id: string,
  made: { readonly namespaces: readonly string[]; readonly directory: string },
): Promise<void> {
  const record: RunRecord = {
    ownerPid: process.pid,
    ownerStart: (await startTime(process.pid)) ?? '',
    ...made,
  };
  await mkdir(recordsFolder, { recursive: true });
  await writeFile(join(recordsFolder, `${id}.json`), JSON.stringify(record));
}

/** Removes what the record names, then the record itself. Goes on after a failure and throws them all at the end. */
export async function removeRecorded(id: string): Promise<void> {
  const path = join(recordsFolder, `${id}.json`);
  const record = await readRecord(path);
  if (record === null) return;
  const failures: unknown[] = [];
  for (const name of record.namespaces) await removeNamespace(name).catch((error) => failures.push(error));
  await rm(record.directory, { recursive: true, force: true }).catch((error) => failures.push(error));
  if (failures.length > 0) throw new AggregateError(failures, `run ${id} could not be removed entirely`);
  await rm(path, { force: true });
}

let removing: Promise<string[]> | null = null;

/** Removes what runs whose process is gone have left behind. Returns their ids. Several at a time share one round. */
export function removeOrphans(): Promise<string[]> {
  removing ??= removeThem().finally(() => {
    removing = null;
  });
  return removing;
}

async function removeThem(): Promise<string[]> {
  const files = await readdir(recordsFolder).catch(() => []);
  const removed: string[] = [];
  for (const file of files.filter((name) => name.endsWith('.json'))) {
    const record = await readRecord(join(recordsFolder, file));
    if (record === null || (await startTime(record.ownerPid)) === record.ownerStart) continue;
    const id = file.slice(0, -'.json'.length);
    await removeRecorded(id);
    removed.push(id);
  }
  return removed;
}

/** null: gone, or being written by another run at this moment. */
async function readRecord(path: string): Promise<RunRecord | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as RunRecord;
  } catch {
    return null;
  }
}

async function startTime(pid: number): Promise<string | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  // The second field, the program's name, may hold spaces and brackets: count from its end.
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
}
