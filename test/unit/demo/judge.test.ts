import { describe, expect, it } from 'vitest';
import { type Expectation, judge, type Outcome } from '../../../src/demo/story/judge.ts';

const EXPECTATION: Expectation = { answers: 'aux', moves: 1, failedMax: 0, gapMaxMs: 4_000 };
const GOOD: Outcome = { answers: 'aux', moves: 1, requests: 100, failed: 0, longestGapMs: 30 };

describe('a step of the story', () => {
  it('is as it should be when everything is', () => {
    expect(judge(EXPECTATION, GOOD)).toEqual([]);
  });

  it.each([
    [{ answers: 'main' }, 'aux answers', 'main answers'],
    [{ answers: null }, 'aux answers', 'nobody answers'],
    [{ moves: 0 }, '1 moves of the address', '0'],
    [{ moves: 3 }, '1 moves of the address', '3'],
    [{ failed: 1 }, 'at most 0 failed requests', '1 of 100'],
    [{ longestGapMs: 4_001 }, 'no more than 4,000 ms without an answer', '4,001 ms'],
  ])('is not with %j', (part, expected, seen) => {
    expect(judge(EXPECTATION, { ...GOOD, ...part })).toEqual([{ expected, seen }]);
  });

  it('may lose requests where nobody planned it, but not for longer than allowed', () => {
    const unplanned = { ...EXPECTATION, failedMax: null };
    expect(judge(unplanned, { ...GOOD, failed: 60, longestGapMs: 3_999 })).toEqual([]);
  });
});
