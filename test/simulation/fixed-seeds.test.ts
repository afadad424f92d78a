import { describe, expect, it } from 'vitest';
import { runSeeds } from './support/run-seeds.ts';

describe('two thousand fixed seeds', () => {
  it('keep every promise in every world', { timeout: 600_000 }, () => expect(runSeeds(1)).toEqual([]));
});
