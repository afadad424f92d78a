import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { withCounters } from '../../src/simulation/branch-counter.ts';
import { BRANCHES } from '../../src/simulation/branches.ts';
import { ALL_MUTANTS } from '../../src/simulation/mutants/run-mutants.ts';

const SRC = new URL('../../src/', import.meta.url);
const occurrences = (file: string, text: string): number =>
  readFileSync(new URL(file, SRC), 'utf8').split(text).length - 1;

describe('mutants', () => {
  for (const { rule, patches } of ALL_MUTANTS) {
    it(`still fit the source: ${rule}`, () => {
      for (const { file, from } of patches) expect([from, occurrences(file, from)]).toEqual([from, 1]);
    });
  }
});

/** Rules 9 and 17 live in the sessions, which have counts of their own. */
const RULES = [1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 18, 19, 20, 21];

describe('branches of rules', () => {
  it('leave no rule out', () => {
    const counted = new Set(BRANCHES.map(({ id }) => /^rule (\d+):/.exec(id)?.[1]));
    expect(RULES.filter((rule) => !counted.has(String(rule)))).toEqual([]);
  });

  it('get a counter, and the rest of the source stays', () => {
    const source = readFileSync(new URL('../../src/core/orders.ts', import.meta.url), 'utf8');
    const counted = withCounters('orders.ts', source);
    expect(counted).not.toBe(source);
    expect(counted.replace(/\+\+globalThis\.branchCounts\[\d+\](, |; | && )/g, '')).toBe(source);
    expect(() => withCounters('orders.ts', '')).toThrow('say in branches.ts where');
  });

  for (const { id, file, text } of BRANCHES) {
    it(`still are in the source: ${id}`, () => expect(occurrences(`core/${file}`, text)).toBe(1));
  }
});
