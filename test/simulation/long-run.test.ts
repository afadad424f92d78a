import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NOTHING, runBatch } from '../../src/simulation/batch.ts';
import { BRANCHES } from '../../src/simulation/branches.ts';
import { EXPECTED } from '../../src/simulation/expected-events.ts';
import { FAULT_CLASSES } from '../../src/simulation/fault.ts';
import { realCore } from '../../src/simulation/real-core.ts';
import { simulate } from '../../src/simulation/simulate.ts';
import { summary } from '../../src/simulation/summary.ts';
import { tooRare } from '../../src/simulation/too-rare.ts';
import { WORLDS } from '../../src/simulation/worlds.ts';

const folder = mkdtempSync(join(tmpdir(), 'eipkeeper-long-run-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('a long run', () => {
  const order = {
    worlds: WORLDS,
    firstSeed: 1,
    workers: 1,
    failuresMost: 1,
    onProgress: () => {},
  };
  /** Without the time that it took; sums of fractions depend on their order. */
  const essence = ({ denseMs, ...rest }: typeof NOTHING): object => ({
    ...rest,
    servedMs: Math.round(rest.servedMs),
    totalMs: Math.round(rest.totalMs),
  });

  let alone = NOTHING;
  beforeAll(async () => {
    alone = await simulate({ ...order, schedules: 60, stateFile: null });
  });

  it('goes on where it was stopped, as if it had not been', async () => {
    const stateFile = join(folder, 'state.json');
    await simulate({ ...order, schedules: 8, stateFile });
    const resumed = await simulate({ ...order, schedules: 20, stateFile });
    const whole = await simulate({ ...order, schedules: 20, stateFile: null });
    expect(essence(resumed)).toEqual(essence(whole));
  });

  it('gives the same, however many run it', async () => {
    const shared = await simulate({ ...order, schedules: 60, workers: 3, stateFile: null });
    expect(essence(shared)).toEqual(essence(alone));
    expect(alone.schedules).toBe(60);
    expect(Object.keys(alone.branches)).toEqual(BRANCHES.map(({ id }) => id));
    expect(alone.branches['rule 2: a grant is given']).toBeGreaterThan(60);
  });

  it('is of the very core: its counters change nothing', async () => {
    const bare = runBatch({ worlds: WORLDS, firstSeed: 1, schedules: 60 }, realCore);
    expect(bare.branches).toEqual({});
    expect(essence(bare)).toEqual(essence({ ...alone, branches: {} }));
  });

  it('refuses the state of a run of other seeds', async () => {
    const stateFile = join(folder, 'other.json');
    await simulate({ ...order, schedules: 1, stateFile });
    const other = simulate({ ...order, firstSeed: 2, schedules: 1, stateFile });
    await expect(other).rejects.toThrow('belongs to a run of other worlds, seeds, faults or branches');
  });

  it('says what is wrong with its file before it runs anything', async () => {
    const torn = join(folder, 'torn.json');
    writeFileSync(torn, '{"run": "');
    const nowhere = join(folder, 'nowhere', 'state.json');
    for (const [stateFile, reason] of [
      [torn, `${torn} cannot be read`],
      [nowhere, '0 schedules were run, which cannot be written down: ENOENT'],
    ] as const) {
      const progress: number[] = [];
      const run = simulate({ ...order, schedules: 1, stateFile, onProgress: (done) => progress.push(done) });
      await expect(run).rejects.toThrow(reason);
      expect(progress).toEqual([]);
    }
    expect(readFileSync(torn, 'utf8')).toBe('{"run": "');
  });
});

describe('what occurred fewer than twenty times', () => {
  const often = (names: readonly string[]): Record<string, number> =>
    Object.fromEntries(names.map((name) => [name, 20]));
  const complete = {
    ...NOTHING,
    schedules: 200_000,
    counts: often([...FAULT_CLASSES.map((name) => `fault ${name}`), ...EXPECTED]),
    branches: often(BRANCHES.map(({ id }) => id)),
  };

  it.each([
    ['a fault', 'counts', 'fault crash'],
    ['a lost race', 'counts', 'note claim-lost'],
    ['an unknown outcome', 'counts', 'call create-term: unknown'],
    ['a branch of a rule', 'branches', 'rule 3: a lease is renounced'],
  ] as const)('fails a run of 200,000: %s', (_, which, what) => {
    expect(summary(complete, WORLDS, 1).passes).toBe(true);
    const rare = { ...complete, [which]: { ...complete[which], [what]: 19 } };
    expect(tooRare(rare, WORLDS)).toEqual([{ what, count: 19 }]);
    expect(summary(rare, WORLDS, 1).passes).toBe(false);
  });

  it('fails a run in which no branch was counted', () => {
    expect(summary({ ...complete, branches: {} }, WORLDS, 1).passes).toBe(false);
  });

  it('says nothing against a short run', () => {
    expect(summary({ ...complete, schedules: 199_999, counts: {} }, WORLDS, 1).passes).toBe(true);
  });
});
