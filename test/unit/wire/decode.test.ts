import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Incarnation, Term } from '../../../src/core/types.ts';
import { Authenticator } from '../../../src/wire/authenticator.ts';
import { packetsIn } from '../../../src/wire/capture.ts';
import { describePacket } from '../../../src/wire/decode.ts';
import { GroupTable } from '../../../src/wire/group-table.ts';
import { encodeBodies } from '../../../src/wire/message-body.ts';
import { encodePacket } from '../../../src/wire/packet.ts';
import { heartbeatOf, packet, usualReport } from './arbitraries.ts';

const keys = { current: Buffer.alloc(32, 1), previous: null };
const otherKeys = { current: Buffer.alloc(32, 2), previous: null };
const signer = new Authenticator(keys);
const header = {
  sender: 'main',
  receiver: 'aux',
  incarnation: '00112233445566aa' as Incarnation,
  instanceId: 'i-0123456789abcdef0',
  path: 0,
  senderNonce: '1111111111111111',
  receiverNonce: '2222222222222222',
};

function heartbeat(over: Parameters<typeof usualReport>[1] = {}): Uint8Array {
  const sender = { name: header.sender, incarnation: header.incarnation };
  const message = heartbeatOf([usualReport('web', over)]);
  const [payload] = encodeBodies(message, { sender, groups: new GroupTable(['web']), capacity: 900 });
  return encodePacket({ ...header, kind: 'message', sequence: 7, payload: payload! }, signer);
}

describe('describePacket', () => {
  it('says what a heartbeat says', () => {
    expect(describePacket(heartbeat(), { keys, groupNames: ['web'] })).toEqual([
      expect.stringMatching(/^message of \d+ bytes, version 1$/),
      'from main on i-0123456789abcdef0, incarnation 00112233445566aa, to aux',
      'path 0, sequence 7',
      'session: sender 1111111111111111, receiver 2222222222222222',
      expect.stringMatching(/^key [0-9a-f]{4}: signature is right$/),
      'heartbeat 4000000, wants a reply',
      'group web: leading, term 1234 of main 00112233445566aa, lease 3000 ms renounced, deadtime 1000 ms, eligible, has the address, services run',
    ]);
  });

  it('works without keys and without names, and says so', () => {
    const lines = describePacket(heartbeat({ term: 0 as Term }));
    expect(lines.join('\n')).toMatch(/signature not checked/);
    expect(lines.at(-1)).toMatch(/^group #[0-9a-f]{8}: leading, no term/);
  });

  it('tells another key from a damaged packet', () => {
    const damaged = Uint8Array.from(heartbeat());
    damaged[50]! ^= 1;
    expect(describePacket(heartbeat(), { keys: otherKeys }).join()).toMatch(/another key/);
    expect(describePacket(damaged, { keys }).join()).toMatch(/WRONG/);
  });

  it('lets no captured text steer the terminal', () => {
    const answer = { id: '0123456789abcdef', refusal: '\u001b[2Jgone\u202e', code: 'unsafe' as const };
    const text = describePacket(heartbeat({ answer })).join('');
    expect(text).toContain('\\u{1b}[2Jgone\\u{202e}');
  });

  it('never throws, whatever the packet', () => {
    const valid = packet.map((each) => encodePacket(each, signer));
    fc.assert(
      fc.property(fc.oneof(valid, fc.uint8Array({ maxLength: 1_300 })), (bytes) => {
        expect(describePacket(bytes, { keys }).length).toBeGreaterThan(0);
      }),
    );
  });
});

describe('packetsIn', () => {
  const bytes = heartbeat();
  const udp = Buffer.alloc(8);
  udp.writeUInt16BE(bytes.length + 8, 4);
  const frame = Buffer.concat([Buffer.alloc(34, 0x11), udp, bytes]);
  const padded = Buffer.concat([frame, Buffer.alloc(5)]);

  it.each([
    ['the bytes themselves', bytes],
    ['bare digits', Buffer.from(Buffer.from(bytes).toString('hex'))],
    [
      'digits in groups and lines',
      Buffer.from(
        Buffer.from(bytes)
          .toString('hex')
          .replace(/(.{4})/g, '$1 \n'),
      ),
    ],
    ['a frame with its headers and padding', Buffer.from(padded.toString('hex'))],
  ])('finds the packet in %s', (_what, input) => {
    expect(packetsIn(input).map((each) => Buffer.from(each))).toEqual([Buffer.from(bytes)]);
  });

  it('finds each packet in the text of tcpdump -X', () => {
    const rows: string[] = ['12:00:00.000000 IP 10.0.0.1.694 > 10.0.0.2.694: UDP, length 107'];
    for (let at = 0; at < frame.length; at += 16) {
      const row = frame.subarray(at, at + 16);
      const digits = row
        .toString('hex')
        .replace(/(.{4})/g, '$1 ')
        .trim();
      rows.push(`\t0x${at.toString(16).padStart(4, '0')}:  ${digits}  ab cd EK..`);
    }
    const text = [...rows, ...rows].join('\n');
    const found = packetsIn(Buffer.from(text));
    expect(found.map((each) => Buffer.from(each))).toEqual([Buffer.from(bytes), Buffer.from(bytes)]);
  });

  it.each([['little'], ['big']])('finds each packet in a pcap file of %s endian', (endian) => {
    const number = (value: number) => {
      const four = Buffer.alloc(4);
      if (endian === 'little') four.writeUInt32LE(value);
      else four.writeUInt32BE(value);
      return four;
    };
    const record = Buffer.concat([...[0, 0, padded.length, padded.length].map(number), padded]);
    const file = Buffer.concat([number(0xa1b2c3d4), Buffer.alloc(20), record, record, number(1)]);
    expect(packetsIn(file).map((each) => Buffer.from(each))).toEqual([
      Buffer.from(bytes),
      Buffer.from(bytes),
    ]);
  });

  it('finds nothing in anything else, and never throws', () => {
    expect(packetsIn(Buffer.from('hello'))).toEqual([]);
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (input) => void packetsIn(input)));
  });
});
