import { createHash } from 'node:crypto';
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FaultRun } from '../test/netns/faults/fault.ts';

const SOURCES = fileURLToPath(new URL('../src/', import.meta.url));
const PATH = join(tmpdir(), 'eipkeeper-faults-progress.jsonl');

/** Every run of `npm run faults` as soon as it is over, so that one that is interrupted can be gone on with. */
export interface Progress {
  /** By the number of the fault. */
  readonly runs: ReadonlyMap<string, readonly FaultRun[]>;
  add(number: string, run: FaultRun): void;
  /** Everything was done: there is nothing to go on with. */
  end(): Promise<void>;
}

/**
 * `resume`: with the runs of the one before. `keep`: writes down what is added. Throws when the one before was of
 * other sources, or there is none.
 */
export function openProgress({ resume, keep }: { resume: boolean; keep: boolean }): Progress {
  const sources = hashOfSources();
  const runs = resume ? readRuns(sources) : new Map<string, FaultRun[]>();
  if (!keep) return { runs, add: () => {}, end: async () => {} };
  if (!resume) writeFileSync(PATH, `${JSON.stringify({ sources })}\n`);
  return {
    runs,
    add: (number, run) => appendFileSync(PATH, `${JSON.stringify({ number, run })}\n`),
    end: () => rm(PATH, { force: true }),
  };
}

function readRuns(sources: string): Map<string, FaultRun[]> {
  let text: string;
  try {
    text = readFileSync(PATH, 'utf8');
  } catch (cause) {
    throw new Error('there is no interrupted run to go on with: leave out --resume', { cause });
  }
  // A line that the interruption cut off is a run that is not over.
  const [head = '', ...lines] = text.slice(0, text.lastIndexOf('\n')).split('\n');
  if ((JSON.parse(head) as { sources: string }).sources !== sources) {
    throw new Error('the interrupted run was one of other sources: leave out --resume to begin anew');
  }
  const runs = new Map<string, FaultRun[]>();
  for (const line of lines) {
    const { number, run } = JSON.parse(line) as { number: string; run: FaultRun };
    runs.set(number, [...(runs.get(number) ?? []), run]);
  }
  return runs;
}

function hashOfSources(): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).sort()) {
    if (name.endsWith('.ts')) hash.update(name).update(readFileSync(join(SOURCES, name)));
  }
  return hash.digest('hex');
}
