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

  it('get no counter where the core no longer has them', () => {
    expect(() => withCounters('orders.ts', '')).toThrow('say in branches.ts where');
  });

  it.each([
    ['a condition', 'if (a)\n    '],
    ['a condition and a comment', 'if (a) // (why) of it\n    // more;\n    '],
    ['a condition and a comment within', 'if (a) /* why; */ '],
    ['else', 'if (a) x();\n  else '],
  ])('get no counter where it would be the whole of what follows %s', (_, before) => {
    const source = readFileSync(new URL('core/claim.ts', SRC), 'utf8');
    const { text } = BRANCHES.find((branch) => branch.text.startsWith('const '))!;
    const bent = source.replace(text, (found) => before + found);
    expect(() => withCounters('claim.ts', bent)).toThrow('the counter would be all that follows');
    const braced = source.replace(text, (found) => `${before}{ ${found}`);
    expect(() => withCounters('claim.ts', braced)).not.toThrow();
  });

  for (const { id, file, text } of BRANCHES) {
    it(`still are in the source: ${id}`, () => expect(occurrences(`core/${file}`, text)).toBe(1));
  }
});
