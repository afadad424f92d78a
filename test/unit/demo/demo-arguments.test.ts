import { expect, test } from 'vitest';
import { demoArguments } from '../../../src/demo/demo-arguments.ts';

test('is live, with the default profile, unless told otherwise', () => {
  expect(demoArguments([])).toEqual({ script: false, help: false, profile: 'default', gapMaxMs: 4_000 });
  expect(demoArguments(['--script', '--profile', 'fast', '--max-gap', '900'])).toEqual({
    script: true,
    help: false,
    profile: 'fast',
    gapMaxMs: 900,
  });
});

test.each([
  [['--profile', 'quick'], 'there is no profile quick: it is one of default, fast, turbo'],
  [['--max-gap', '4s'], '--max-gap takes milliseconds, like 4000, not 4s'],
  [['--max-gap', '0'], '--max-gap takes milliseconds, like 4000, not 0'],
  [['--scrip'], "Unknown option '--scrip'"],
])('refuses %j', (words, reason) => {
  expect(() => demoArguments(words)).toThrow(reason);
});
