import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
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

describe('branches of rules', () => {
  for (const { id, file, text } of BRANCHES) {
    it(`still are in the source: ${id}`, () => expect(occurrences(`core/${file}`, text)).toBe(1));
  }
});
