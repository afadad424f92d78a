import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Incarnation, Term } from '../../../src/core/types.ts';
import { GroupTable } from '../../../src/wire/group-table.ts';
import { decodeBody, encodeBodies } from '../../../src/wire/message-body.ts';
import { bodyCapacity } from '../../../src/wire/packet.ts';
import { GROUPS, heartbeatOf, message, usualReport } from './arbitraries.ts';

const groups = new GroupTable(GROUPS);
const sender = { name: 'main', incarnation: '00112233445566aa' as Incarnation };
const longest = 'x'.repeat(63);
const capacity = bodyCapacity({ sender: longest, receiver: longest, instanceId: longest });
const context = { sender, groups, capacity };

const decode = (body: Uint8Array, known: GroupTable = groups) => decodeBody(body, { sender, groups: known });

describe('the body of a message', () => {
  it('comes back as it was sent, in as many parts as it needs', () => {
    fc.assert(
      fc.property(message, (sent) => {
        const parts = encodeBodies(sent, context);
        const reports = parts.flatMap((part) => {
          expect(part.length).toBeLessThanOrEqual(capacity);
          const result = decode(part);
          if (!result.ok) throw new Error('a part could not be read');
          const { reports: some, ...head } = result.message;
          const { reports: _all, ...expected } = sent;
          expect(head).toEqual(expected);
          return some;
        });
        expect(reports).toEqual(sent.reports);
      }),
      { numRuns: 300 },
    );
  });

  it('never throws on random or mutated bytes', () => {
    const mutated = fc
      .record({ sent: message, at: fc.nat(), to: fc.nat(255), cut: fc.nat() })
      .map(({ sent, at, to, cut }) => {
        const body = Uint8Array.from(encodeBodies(sent, context)[0]!);
        body[at % body.length] = to;
        return body.subarray(0, 1 + (cut % body.length));
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 1_300 }), mutated), (bytes) => {
        const result = decode(bytes);
        if (result.ok) expect(result.message.reports.length).toBeLessThanOrEqual(bytes.length / 8);
      }),
      { numRuns: 1_000 },
    );
  });

  it('carries 30 groups of an ordinary day in one datagram, whatever the names', () => {
    const leading = GROUPS.map((group) => usualReport(group));
    const following = GROUPS.map((group, i) =>
      usualReport(group, {
        role: 'standby',
        owner: `node-${i % 5}`,
        ownerIncarnation: `00000000000000a${i % 5}` as Incarnation,
        grants: 1234 as Term,
        leaseMs: 0,
        deadtimeMs: 0,
      }),
    );
    expect(encodeBodies(heartbeatOf(leading), context)).toHaveLength(1);
    expect(encodeBodies(heartbeatOf(following, { kind: 'reply' }), context)).toHaveLength(1);
  });

  it('repeats the beat and the wish for a reply in every part of a message that one datagram cannot hold', () => {
    const answer = { id: '0123456789abcdef', refusal: 'r'.repeat(120), code: 'unsafe' as const };
    const request = {
      id: '0123456789abcdef',
      kind: 'force' as const,
      target: 'aux',
      by: 'b'.repeat(64),
      afar: true,
    };
    const parts = encodeBodies(
      heartbeatOf(GROUPS.map((group) => usualReport(group, { answer, request }))),
      context,
    );
    expect(parts.length).toBeGreaterThan(1);
    for (const part of parts) {
      expect(decode(part)).toMatchObject({ ok: true, message: { beat: 4_000_000, wantsReply: true } });
    }
  });

  it('leaves out a group that the receiver does not have, and names its hash', () => {
    const body = encodeBodies(heartbeatOf([usualReport('group-1'), usualReport('group-2')]), context)[0]!;
    const result = decode(body, new GroupTable(['group-2']));
    expect(result).toMatchObject({ ok: true, unknownGroups: [groups.hashOf('group-1')] });
    expect(result.ok && result.message.reports.map((report) => report.group)).toEqual(['group-2']);
  });

  it('reads past the fields that a newer version appended to a report and to the body', () => {
    const body = encodeBodies(
      heartbeatOf([usualReport('group-1', { leaseMs: 0, deadtimeMs: 0 })]),
      context,
    )[0]!;
    const lengthAt = body.length - 10;
    expect(body[lengthAt]).toBe(9);
    const grown = Uint8Array.of(
      ...body.subarray(0, lengthAt),
      11,
      ...body.subarray(lengthAt + 1),
      0xaa,
      0xbb,
      0xcc,
    );
    expect(decode(grown)).toEqual(decode(body));
  });

  it('cuts words of an operator after the last whole character that fits', () => {
    const request = {
      id: '0123456789abcdef',
      kind: 'switchover' as const,
      target: 'aux',
      by: 'é'.repeat(40),
      afar: false,
    };
    const result = decode(encodeBodies(heartbeatOf([usualReport('group-1', { request })]), context)[0]!);
    expect(result.ok && result.message.reports[0]?.request?.by).toBe('é'.repeat(32));
  });

  it('rounds a lease up, so that the bound node never waits too short', () => {
    const body = encodeBodies(heartbeatOf([usualReport('group-1', { leaseMs: 2_999.2 })]), context)[0]!;
    const result = decode(body);
    expect(result.ok && result.message.reports[0]?.leaseMs).toBe(3_000);
  });

  it('refuses to send what cannot be read back', () => {
    const send = (over: Parameters<typeof usualReport>[1]) =>
      encodeBodies(heartbeatOf([usualReport('group-1', over)]), context);
    expect(() => send({ term: 1.5 as Term })).toThrow(RangeError);
    expect(() => send({ owner: 'x'.repeat(64) })).toThrow(RangeError);
    expect(() => send({ ownerIncarnation: 'abc' as Incarnation })).toThrow(RangeError);
    expect(() => send({ answer: { id: 'nope', refusal: '', code: 'unsafe' as const } })).toThrow(RangeError);
  });
});

describe('the table of groups', () => {
  it('refuses two names with the same hash', () => {
    const [one, two] = collidingNames();
    expect(() => new GroupTable([one, two])).toThrow(/cannot be told apart/);
  });

  it('accepts the same name twice', () => {
    expect(new GroupTable(['web', 'web']).nameOf(groups.hashOf('web'))).toBe('web');
  });
});

/** A birthday search over 32 bits: some 100,000 names, a fifth of a second. */
function collidingNames(): [string, string] {
  const table = new GroupTable([]);
  const seen = new Map<number, string>();
  for (let i = 0; i < 1_000_000; i += 1) {
    const name = `g${i}`;
    const hash = table.hashOf(name);
    const other = seen.get(hash);
    if (other !== undefined) return [other, name];
    seen.set(hash, name);
  }
  throw new Error('no collision found');
}
