import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Incarnation, Term, TermRecord } from '../../../src/core/types.ts';
import { decodeTermRecord, encodeTermRecord } from '../../../src/witness/term-record.ts';

const RECORD: TermRecord = {
  group: 'web',
  term: 7 as Term,
  owner: 'main',
  incarnation: '0123456789abcdef' as Incarnation,
  leases: { aux: 3000 },
  members: ['main', 'aux'],
  reason: 'takeover',
};
const decode = (value: string) => decodeTermRecord(value, 'web', 7 as Term);
const changed = (fields: Record<string, unknown>) =>
  JSON.stringify({ ...JSON.parse(encodeTermRecord(RECORD)), ...fields });

describe('a term record', () => {
  it('comes back as it was written', () => {
    expect(decode(encodeTermRecord(RECORD))).toEqual({ status: 'record', record: RECORD });
    const asked: TermRecord = { ...RECORD, reason: 'forced', requestedBy: 'uid 0 on aux', requestId: 'a1' };
    expect(decode(encodeTermRecord(asked))).toEqual({ status: 'record', record: asked });
  });

  it('may hold fields of a later version', () => {
    expect(decode(changed({ colour: 'green' }))).toEqual({ status: 'record', record: RECORD });
  });

  it.each([
    ['no JSON', 'hello'],
    ['an empty value', ''],
    ['another kind of JSON', '[]'],
    ['null', 'null'],
    ['another version', changed({ v: 2 })],
    ['another group', changed({ group: 'db' })],
    ['another term', changed({ term: 8 })],
    ['a negative lease', changed({ leases: { aux: -1 } })],
    ['a lease that is no number', changed({ leases: { aux: '3s' } })],
    ['no members', changed({ members: [] })],
    ['an incarnation of the wrong shape', changed({ incarnation: 'xyz' })],
    ['a reason that is not known', changed({ reason: 'fun' })],
    ['no owner', changed({ owner: undefined })],
  ])('is refused with a reason when it is %s', (_, value) => {
    const decoded = decode(value);
    expect(decoded.status).toBe('foreign');
    expect(decoded.status === 'foreign' && decoded.reason.length).toBeGreaterThan(5);
  });

  it('never throws, whatever is stored', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (value) => {
        expect(decode(value).status).toBe('foreign');
      }),
    );
  });
});
