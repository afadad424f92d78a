import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Term } from '../../../src/core/types.ts';
import { NOTHING_SAVED, StateFile } from '../../../src/runtime/state-file.ts';

let dir: string;
let troubles: string[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'state-test-'));
  troubles = [];
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const file = (path = join(dir, 'state.json')) => new StateFile(path, (sentence) => troubles.push(sentence));
const saved = (term: number, drained = false) => ({
  highestTerms: { web: term as Term },
  triedTerms: { web: (term + 1) as Term },
  drained,
  maintenance: { web: { on: true, stamp: term } },
});

describe('the state file', () => {
  it('remembers across a restart', async () => {
    const before = file();
    before.write(saved(7, true));
    await before.settled();
    expect(await file().read()).toEqual(saved(7, true));
  });

  it('writes the newest of what was asked for in the meantime', async () => {
    const state = file();
    for (let term = 1; term <= 100; term++) state.write(saved(term));
    await state.settled();
    expect(await file().read()).toEqual(saved(100));
  });

  it('begins with nothing when there is none, without a complaint', async () => {
    expect(await file().read()).toEqual(NOTHING_SAVED);
    expect(troubles).toEqual([]);
  });

  it.each([
    '',
    'half a l',
    '{"version":1}',
    '{"version":1,"drained":false,"highestTerms":{"web":-1}}',
    '{"version":1,"drained":false,"highestTerms":{"web":9007199254740991}}',
    '[]',
  ])('begins with nothing when it holds %j, and says so', async (content) => {
    writeFileSync(join(dir, 'state.json'), content);
    expect(await file().read()).toEqual(NOTHING_SAVED);
    expect(troubles).toHaveLength(1);
  });

  it('goes on when it cannot be written, and says so once', async () => {
    const nowhere = file(join(dir, 'missing', 'state.json'));
    nowhere.write(saved(1));
    await nowhere.settled();
    nowhere.write(saved(2));
    await nowhere.settled();
    expect(troubles).toHaveLength(1);
    expect(troubles[0]).toContain('nothing stops');
    mkdirSync(join(dir, 'missing'));
    nowhere.write(saved(3));
    await nowhere.settled();
    expect(await file(join(dir, 'missing', 'state.json')).read()).toEqual(saved(3));
  });

  it('keeps the old state whole when a write fails half way', async () => {
    const state = file();
    state.write(saved(1));
    await state.settled();
    mkdirSync(join(dir, 'state.json.new'));
    state.write(saved(2));
    await state.settled();
    expect(JSON.parse(readFileSync(join(dir, 'state.json'), 'utf8'))).toMatchObject(saved(1));
    chmodSync(join(dir, 'state.json'), 0o600);
  });
});
