import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readNewestFacts } from '../../../src/journal/read-journal.ts';
import { RecentHistory } from '../../../src/journal/recent-history.ts';

const START = Date.UTC(2030, 0, 1);

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'recent-'));
});
afterEach(() => rm(directory, { recursive: true }));

/** The leadership of web in term `term`, a second after the one before. */
const became = (term: number): string =>
  `${JSON.stringify({
    wallMs: START + term * 1_000,
    atMs: term * 1_000,
    self: 'main',
    incarnation: '00000000000000aa',
    kind: 'note',
    note: { type: 'became-leader', group: 'web', term, reason: 'takeover', by: '' },
  })}\n`;
const terms = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, place) => became(from + place)).join('');
const write = (number: number, text: string) =>
  writeFile(join(directory, `facts-00000${number}.jsonl`), text);
const history = (settled = async () => {}) => new RecentHistory({ directory, settled });

describe('the recent history', () => {
  it('is the newest changes, oldest first, over the border of two files', async () => {
    await write(1, terms(1, 30));
    await write(2, terms(31, 35));
    const read = (await history().read()) as { term: number }[];
    expect(read.map(({ term }) => term)).toEqual(Array.from({ length: 20 }, (_, place) => 16 + place));
    expect(read[0]).toMatchObject({ kind: 'change', group: 'web', to: 'main', reason: 'takeover' });
  });

  it('takes in only so much of a journal that is long, and passes over the line that it cuts', async () => {
    await write(1, terms(1, 50));
    const facts = await readNewestFacts(directory, 1_000);
    expect(facts.length).toBeGreaterThan(2);
    expect(facts.length).toBeLessThan(6);
    expect(facts.at(-1)).toMatchObject({ note: { term: 50 } });
  });

  it('waits for what was not written yet', async () => {
    await write(1, terms(1, 1));
    const read = await history(() => write(2, became(2))).read();
    expect(read).toHaveLength(2);
  });

  it('is empty without a journal', async () => {
    await rm(directory, { recursive: true });
    expect(await history().read()).toEqual([]);
    await writeFile(directory, '');
  });

  it('is read once for all who ask meanwhile, and again for who asks later', async () => {
    await write(1, terms(1, 1));
    let reads = 0;
    const recent = history(async () => {
      reads += 1;
    });
    await Promise.all([recent.read(), recent.read(), recent.read()]);
    expect(reads).toBe(1);
    await recent.read();
    expect(reads).toBe(2);
  });
});
