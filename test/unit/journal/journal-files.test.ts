import { appendFile, chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Effect } from '../../../src/core/effects.ts';
import { type CoreState, createCore } from '../../../src/core/state.ts';
import { nextWakeMs, step } from '../../../src/core/step.ts';
import type { Incarnation } from '../../../src/core/types.ts';
import { Journal } from '../../../src/journal/journal.ts';
import { readFacts, readRecordings } from '../../../src/journal/read-journal.ts';
import { replay } from '../../../src/journal/replay.ts';

const OPTIONS = {
  config: {
    self: 'main',
    nodes: ['main', 'aux'],
    groups: [],
    keepaliveMs: 100,
    initdeadMs: 10_000,
  },
  incarnation: '00000000000000aa' as Incarnation,
  seed: 7,
  at: { nowMs: 0, suspendedMs: 0 },
  highestTerms: {},
  drained: false,
};

let directory = '';
let journal: Journal;
let state: CoreState;
let nowMs = 0;
const troubles: string[] = [];

beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'journal-')), 'journal');
  troubles.length = 0;
});
afterEach(async () => {
  await journal.close();
  await chmod(join(directory, '..'), 0o700);
  await rm(join(directory, '..'), { recursive: true });
});

function open(bytesMost = 2 ** 20): void {
  const onTrouble = (sentence: string) => void troubles.push(sentence);
  journal = new Journal({
    directory,
    bytesMost,
    version: '1.2.3',
    paths: 1,
    wallMsAt: (ms) => ms,
    onTrouble,
  });
  nowMs = 0;
  state = createCore(OPTIONS);
  journal.start(OPTIONS);
}

/** Lets the node live, alone and without groups: it is asked ten times a second and when it wants. */
function live(forMs: number, notes: readonly Effect[] = []): void {
  const endMs = nowMs + forMs;
  while (nowMs < endMs) {
    nowMs = Math.min(endMs, nowMs + 100, Math.max(nextWakeMs(state), nowMs + 1));
    const event = { type: 'tick', at: { nowMs, suspendedMs: 0 } } as const;
    journal.stepped(state, event, step(state, event));
  }
  if (notes.length === 0) return;
  nowMs += 1;
  const event = { type: 'tick', at: { nowMs, suspendedMs: 0 } } as const;
  journal.stepped(state, event, [...step(state, event), ...notes]);
}

const SERVING: Effect = { type: 'note', note: { type: 'leaving', reason: 'a test says so' } };
const sizeOnDisk = async () => {
  const files = await readdir(directory);
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(directory, file))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
};

describe('the journal on disk', () => {
  it('keeps the start, lets quiet hours go, and keeps what came before something notable', async () => {
    open();
    live(600_000);
    await journal.settled();
    const quiet = await sizeOnDisk();
    live(3_600_000);
    await journal.settled();
    expect(await sizeOnDisk()).toBe(quiet);
    live(1_000, [SERVING]);
    await journal.settled();
    const { recordings } = await readRecordings(directory);
    const last = recordings.at(-1)!;
    const earliestMs = recordings.find(({ head }) => head.nowMs > 60_000)!.head.nowMs;
    expect(last.steps.at(-1)?.effects).toContainEqual(SERVING);
    expect(nowMs - earliestMs).toBeGreaterThan(30_000);
    expect(nowMs - earliestMs).toBeLessThan(61_000);
    expect((await readFacts(directory)).map(({ kind }) => kind)).toEqual(['started', 'note']);
    expect((await stat(join(directory, 'facts-000001.jsonl'))).mode & 0o777).toBe(0o600);
  });

  it('stays below its size, and what is left can be replayed', async () => {
    open(400_000);
    for (let i = 0; i < 150; i++) {
      live(31_000, [SERVING]);
      await journal.settled();
      expect(await sizeOnDisk()).toBeLessThanOrEqual(400_000);
    }
    const { recordings, damagedLines } = await readRecordings(directory);
    expect(damagedLines).toBe(0);
    expect(recordings.length).toBeGreaterThan(20);
    expect(recordings.at(-1)?.steps.at(-1)?.event.at.nowMs).toBe(nowMs);
    for (const recording of recordings) {
      // The note was put in by the test, so only that step is otherwise.
      const { difference } = replay(recording);
      expect(difference?.replayed ?? []).toEqual([]);
    }
  });

  it('begins a line of its own after one that a crash tore', async () => {
    open();
    live(100);
    await journal.close();
    await appendFile(join(directory, 'facts-000001.jsonl'), '{"wallMs":17,"kin');
    await appendFile(join(directory, 'steps-000001.jsonl'), '{"t":17.2');
    open();
    live(100);
    await journal.settled();
    expect((await readFacts(directory)).map(({ kind }) => kind)).toEqual(['started', 'started']);
    const { recordings } = await readRecordings(directory);
    expect(recordings.map(({ head }) => head.from.kind)).toEqual(['start', 'start']);
  });

  it('goes on without a place to write, says so once, and writes again when there is one', async () => {
    await writeFile(directory, 'a file where the folder should be');
    open();
    for (let i = 0; i < 5; i++) {
      live(1_000, [SERVING]);
      await journal.settled();
    }
    expect(troubles).toHaveLength(1);
    expect(troubles[0]).toContain('nothing stops');
    await rm(directory);
    await mkdir(directory);
    live(1_000, [SERVING]);
    await journal.settled();
    const facts = await readFacts(directory);
    expect(facts.map(({ kind }) => kind)).toEqual(['lost', 'note']);
    const { recordings } = await readRecordings(directory);
    for (const recording of recordings) expect(replay(recording).difference?.replayed ?? []).toEqual([]);
    expect(recordings.at(-1)?.steps.at(-1)?.event.at.nowMs).toBe(nowMs);
  });

  it('holds little in memory when the disk takes nothing, and counts what it lets go', async () => {
    open();
    const longNote: Effect = { type: 'note', note: { type: 'leaving', reason: 'x'.repeat(10_000) } };
    // Nobody gives the disk time in between.
    for (let i = 0; i < 1_000; i++) live(1, [longNote]);
    await journal.settled();
    live(1, [SERVING]);
    await journal.settled();
    const lost = (await readFacts(directory)).find(({ kind }) => kind === 'lost');
    expect(lost?.kind === 'lost' && lost.texts).toBeGreaterThan(500);
    expect(await sizeOnDisk()).toBeLessThan(2 ** 20 + 2 ** 17);
    expect(troubles[0]).toContain('does not keep up');
  });

  it('keeps the step in which the core broke down', async () => {
    open();
    live(100);
    const event = { type: 'tick', at: { nowMs: 1, suspendedMs: 0 } } as const;
    journal.crashed(event, new Error('time ran backwards'));
    await journal.settled();
    const { recordings } = await readRecordings(directory);
    expect(recordings.at(-1)?.steps.at(-1)).toMatchObject({ event, crash: 'time ran backwards' });
    expect(replay(recordings.at(-1)!).difference).toBeNull();
    expect((await readFacts(directory)).at(-1)).toMatchObject({ kind: 'broke-down' });
  });

  it('says that there is none, and that one may not be read', async () => {
    open();
    await expect(readFacts(directory)).rejects.toMatchObject({ code: 'JOURNAL_MISSING' });
    live(100);
    await journal.settled();
    expect(await readFile(join(directory, 'facts-000001.jsonl'), 'utf8')).toContain('"started"');
    if (process.getuid?.() === 0) return;
    await chmod(directory, 0);
    await expect(readFacts(directory)).rejects.toMatchObject({ code: 'JOURNAL_DENIED' });
    await chmod(directory, 0o700);
  });
});
