import { describe, expect, it } from 'vitest';
import { firstSeedOfTree } from './support/first-seed-of-tree.ts';
import { runSeeds } from './support/run-seeds.ts';

// Every commit tries seeds that no commit has tried before, and the same ones however often it is tested.
const { firstSeed, origin } = firstSeedOfTree();

describe('two thousand seeds of this commit', () => {
  it(`keep every promise in every world (${origin})`, { timeout: 600_000 }, () =>
    expect(runSeeds(firstSeed)).toEqual([]),
  );
});
