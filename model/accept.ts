import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import type { GroupKind } from '../src/core/types.ts';
import { run, withVerifier } from './spin.ts';
import { type Trace, traceOf } from './traces.ts';

/** Runs of the simulator: the seeds from 1 on, at the default timings, but for those with too many terms. */
export interface Sample {
  readonly nodes: 2 | 3;
  readonly kind: GroupKind;
  readonly runs: number;
}

export interface Acceptance {
  readonly runs: number;
  readonly records: number;
  /** What the model does not allow: the seed, and the records up to the one that was refused. */
  readonly rejected: readonly { readonly seed: number; readonly records: readonly string[] }[];
}

export const SAMPLES: readonly Sample[] = [
  { nodes: 2, kind: 'address', runs: 450 },
  { nodes: 2, kind: 'exclusive', runs: 150 },
  { nodes: 3, kind: 'address', runs: 300 },
  { nodes: 3, kind: 'exclusive', runs: 150 },
];

const FLAGS = ['-O1', '-w', '-DSAFETY', '-DNOREDUCE', '-DVECTORSZ=8192'];
/** A term is a byte in the model. A schedule of many hours may have more. */
const TERMS_MOST = 250;
/** How much of a rejected run is told. */
const TOLD_RECORDS = 20;

export const acceptSample = (sample: Sample): Promise<Acceptance> => accept(tracesOf(sample), sample.nodes);

function* tracesOf({ nodes, kind, runs }: Sample): Iterable<Trace> {
  for (let seed = 1, left = runs; left > 0; seed++) {
    const trace = traceOf(seed, { profile: 'default', kind, nodes });
    if (trace.newestTerm > TERMS_MOST) continue;
    left -= 1;
    yield trace;
  }
}

/** Lets spin's verifier follow every trace, one after the other; throws when it did not read them all. */
export function accept(traces: Iterable<Trace>, nodes: 2 | 3): Promise<Acceptance> {
  const model = { source: 'trace.pml', defines: [`N=${nodes}`, `TMAX=${TERMS_MOST}`], flags: FLAGS };
  return withVerifier(model, async (folder) => {
    const file = createWriteStream(join(folder, 'records'));
    const starts: { readonly seed: number; readonly from: number; readonly text: string }[] = [];
    let records = 0;
    for (const trace of traces) {
      starts.push({ seed: trace.seed, from: records, text: trace.text });
      records += trace.records;
      if (!file.write(trace.text)) await once(file, 'drain');
    }
    file.end();
    await once(file, 'finish');
    const { output } = await run('./pan', [], folder, 120_000);
    if (!output.includes(`read ${records}\n`))
      throw new Error(`the traces were not read to the end: ${output}`);
    const rejected = [...output.matchAll(/rejected (\d+)/g)].map((match) => {
      const line = Number(match[1]);
      const start = starts.findLast(({ from }) => from < line);
      const until = line - (start?.from ?? 0);
      const told = start?.text.split('\n').slice(Math.max(0, until - TOLD_RECORDS), until) ?? [];
      return { seed: start?.seed ?? 0, records: told };
    });
    return { runs: starts.length, records, rejected };
  });
}
