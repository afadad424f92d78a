import { describe, expect, it } from 'vitest';
import {
  decodeRequest,
  encodeRequest,
  type RequestRecord,
  requestReading,
} from '../../../src/witness/request-record.ts';

const NOW = Date.parse('2026-01-01T12:00:00Z');
const RECORD: RequestRecord = {
  v: 1,
  id: '0123456789abcdef',
  group: 'web',
  target: 'aux',
  kind: 'force',
  by: 'arn:aws:iam::123456789012:user/somebody',
  expires: '2026-01-01T12:00:30.000Z',
};

const reading = (rest: object, dateMs = NOW) =>
  requestReading(JSON.stringify({ ...RECORD, ...rest }), dateMs);

describe('a request in the witness', () => {
  it('is pending until it expires, by the date of the answer, whose second may be over but for a moment', () => {
    const { v: _, expires: __, ...request } = RECORD;
    expect(reading({})).toEqual({ status: 'pending', request: { ...request, leftMs: 29_000 } });
    expect(reading({}, NOW + 29_000)).toEqual({ status: 'none' });
    expect(reading({}, NOW + 28_000)).toMatchObject({ request: { leftMs: 1_000 } });
  });

  it('is over when it was deleted, and when somebody wrote beside it what became of it', () => {
    expect(requestReading(null, NOW)).toEqual({ status: 'none' });
    expect(reading({ verdict: { status: 'refused', reason: 'no', by: 'main' } })).toEqual({ status: 'none' });
  });

  it('is understood when a later version says more', () => {
    expect(decodeRequest(encodeRequest(RECORD))).toEqual({ status: 'request', record: RECORD });
    expect(reading({ color: 'blue' }).status).toBe('pending');
  });

  it.each([
    ['is not JSON', 'switch over, please'],
    ['is no object', '7'],
    ['lacks everything', '{}'],
    ['has an id that no message could carry', { id: 'x'.repeat(16) }],
    ['has a kind that nobody knows', { kind: 'explode' }],
    ['expires at no time', { expires: 'tomorrow' }],
    ['would live for days', { expires: '2026-01-03T12:00:00Z' }],
    ['would break lines in a log', { by: 'somebody\nelse' }],
    ['has a name that fits no message', { target: 'a'.repeat(64) }],
  ])('is nonsense, and nothing worse, when it %s', (_, wrong) => {
    const result = typeof wrong === 'string' ? requestReading(wrong, NOW) : reading(wrong);
    expect(result).toEqual({ status: 'nonsense', reason: expect.stringMatching(/./) });
  });
});
