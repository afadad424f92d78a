import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Term } from '../../../src/core/types.ts';
import { NewestSearch } from '../../../src/witness/newest-search.ts';

interface Case {
  readonly oldest: number;
  readonly newest: number;
  readonly known: number;
  readonly hint: number;
  readonly width: number;
}

/** Lets the search ask a witness that holds oldest … newest; returns what it found and how it asked. */
function search({ oldest, newest, known, hint, width }: Case) {
  const run = new NewestSearch(known as Term, width);
  const exists = (term: number) => term >= oldest && term <= newest;
  const asked: number[][] = [];
  let lists = 0;
  for (let steps = 0; steps < 20; steps += 1) {
    const step = run.next();
    if (step.type === 'done') return { newest: step.newest, asked, lists, steps };
    if (step.type === 'list') {
      lists += 1;
      run.learnList(Array.from({ length: Math.max(0, newest - oldest + 1) }, (_, i) => (oldest + i) as Term));
      continue;
    }
    asked.push([...step.terms]);
    expect(step.terms.length + (step.withHint ? 1 : 0)).toBeLessThanOrEqual(10);
    run.learn(step.terms, step.terms.filter(exists), (step.withHint ? hint : 0) as Term);
  }
  throw new Error('the search does not end');
}

describe('the search for the newest term', () => {
  it('finds it from whatever is known and whatever the hint says, in a few steps', () => {
    const cases = fc.record({
      oldest: fc.integer({ min: 1, max: 2000 }),
      count: fc.integer({ min: 1, max: 900 }),
      known: fc.integer({ min: 0, max: 2900 }),
      hint: fc.integer({ min: 0, max: 4000 }),
      width: fc.integer({ min: 3, max: 10 }),
    });
    fc.assert(
      fc.property(cases, ({ oldest, count, known, hint, width }) => {
        const newest = oldest + count - 1;
        // Somebody who knows a term has read it: it is not above the newest.
        const found = search({ oldest, newest, known: Math.min(known, newest), hint, width });
        expect(found.newest).toBe(newest);
        expect(found.steps).toBeLessThanOrEqual(8);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([0, 1, 2, 3])('takes one step when %i terms are newer than the known one', (more) => {
    expect(search({ oldest: 5, newest: 40 + more, known: 40, hint: 0, width: 10 }).steps).toBe(1);
  });

  it('takes one step for "nothing newer" also where groups share a request', () => {
    const found = search({ oldest: 5, newest: 40, known: 40, hint: 0, width: 3 });
    expect(found).toMatchObject({ newest: 40, steps: 1, asked: [[40, 41]] });
  });

  it('starts from the hint when nothing is known, without listing', () => {
    const found = search({ oldest: 5, newest: 41, known: 0, hint: 40, width: 10 });
    expect(found).toMatchObject({ newest: 41, steps: 2, lists: 0 });
  });

  it('lists when nothing is known and there is no hint', () => {
    expect(search({ oldest: 500, newest: 541, known: 0, hint: 0, width: 10 })).toMatchObject({
      newest: 541,
      lists: 1,
    });
  });

  it('finds none in an empty witness', () => {
    expect(search({ oldest: 1, newest: 0, known: 0, hint: 0, width: 10 })).toMatchObject({
      newest: 0,
      lists: 1,
    });
  });

  it('lists when the known term was deleted and the hint is gone', () => {
    expect(search({ oldest: 500, newest: 541, known: 7, hint: 0, width: 10 })).toMatchObject({
      newest: 541,
      lists: 1,
    });
  });

  it('is not led astray by a hint that is too high', () => {
    expect(search({ oldest: 5, newest: 41, known: 40, hint: 999_999, width: 10 }).newest).toBe(41);
  });

  it('does not take remains of long ago for the newest', () => {
    const run = new NewestSearch(0 as Term, 10);
    expect(run.next()).toEqual({ type: 'probe', terms: [], withHint: true });
    run.learn([], [], 0 as Term);
    expect(run.next()).toEqual({ type: 'list' });
    run.learnList([3, 4, 90, 91] as Term[]);
    expect(run.next()).toEqual({ type: 'done', newest: 91 });
  });
});
