import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from '../../../src/config/duration.ts';

describe('a duration', () => {
  it.each([
    ['0ms', 0],
    ['500ms', 500],
    ['1s', 1_000],
    ['1.5s', 1_500],
    ['0.001s', 1],
    ['2m', 120_000],
    ['24h', 86_400_000],
  ])('%s is %i milliseconds', (text, ms) => {
    expect(parseDuration(text)).toEqual({ ok: true, ms });
  });

  it.each([
    '',
    '1',
    '-1s',
    '1 s',
    '1d',
    's',
    '1e3ms',
    '1s2ms',
    '0.1ms',
    '25h',
    '1,5s',
    '٣s',
    'NaNms',
    `${'9'.repeat(400)}s`,
  ])('is not %j', (text) => {
    expect(parseDuration(text).ok).toBe(false);
  });

  it('says what to write instead of a bare number', () => {
    expect(parseDuration('30')).toEqual({
      ok: false,
      reason: '"30" is no duration: write the unit, 30ms or 30s',
    });
  });

  it('is written so that it reads back as the same number', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 86_400_000 }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toEqual({ ok: true, ms });
      }),
    );
  });
});
