import { ms, number } from '../style.ts';

/** What a step of the story has to come to. */
export interface Expectation {
  /** Who answers in the end. */
  readonly answers: string;
  /** How often the address may go to another node: exactly this often. */
  readonly moves: number;
  /** null: requests may fail, as in every takeover that was not planned. */
  readonly failedMax: number | null;
  /** The longest time without an answer; null: whatever it takes. */
  readonly gapMaxMs: number | null;
}

export interface Outcome {
  readonly answers: string | null;
  readonly moves: number;
  readonly requests: number;
  readonly failed: number;
  readonly longestGapMs: number;
}

export interface Deviation {
  readonly expected: string;
  readonly seen: string;
}

/** What was not as it should be; empty when all was. */
export function judge(expectation: Expectation, outcome: Outcome): Deviation[] {
  const { answers, moves, failedMax, gapMaxMs } = expectation;
  const deviations: Deviation[] = [];
  const check = (isSo: boolean, expected: string, seen: string): void => {
    if (!isSo) deviations.push({ expected, seen });
  };
  check(outcome.answers === answers, `${answers} answers`, `${outcome.answers ?? 'nobody'} answers`);
  check(outcome.moves === moves, `${moves} moves of the address`, `${outcome.moves}`);
  if (failedMax !== null) {
    const seen = `${number(outcome.failed)} of ${number(outcome.requests)}`;
    check(outcome.failed <= failedMax, `at most ${failedMax} failed requests`, seen);
  }
  if (gapMaxMs !== null) {
    const expected = `no more than ${ms(gapMaxMs)} without an answer`;
    check(outcome.longestGapMs <= gapMaxMs, expected, ms(outcome.longestGapMs));
  }
  return deviations;
}
