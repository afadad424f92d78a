import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Incarnation, Term } from '../../../src/core/types.ts';
import { Authenticator } from '../../../src/wire/authenticator.ts';
import { GroupTable } from '../../../src/wire/group-table.ts';
import { encodeBodies } from '../../../src/wire/message-body.ts';
import { decodePacket, encodePacket, openFrame } from '../../../src/wire/packet.ts';
import type { SessionPacket } from '../../../src/wire/session-packet.ts';
import { heartbeatOf, packet, usualReport } from './arbitraries.ts';

const oldKey = Buffer.alloc(32, 1);
const newKey = Buffer.alloc(32, 2);
const signer = new Authenticator({ current: oldKey, previous: null });

const greeting: SessionPacket<Uint8Array> = {
  kind: 'greeting',
  sender: 'main',
  receiver: 'aux',
  incarnation: '00112233445566aa' as Incarnation,
  instanceId: 'i-0123456789abcdef0',
  path: 0,
  senderNonce: '1111111111111111',
  receiverNonce: '0000000000000000',
};

describe('a packet', () => {
  it('comes back as it was sent, with a signature that holds', () => {
    fc.assert(
      fc.property(packet, (sent) => {
        const bytes = encodePacket(sent, signer);
        const result = decodePacket(bytes);
        if (!result.ok) throw new Error(result.reason);
        const { packet: received, frame } = result;
        const payload = received.kind === 'message' ? Uint8Array.from(received.payload) : undefined;
        expect(payload === undefined ? received : { ...received, payload }).toEqual(sent);
        expect(signer.verify(frame)).toBe('ok');
      }),
    );
  });

  it('never throws on random bytes, with or without the right start', () => {
    const started = fc.uint8Array({ maxLength: 1_300 }).map((rest) => Uint8Array.of(0x45, 0x4b, 1, ...rest));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 1_300 }), started), (bytes) => {
        decodePacket(bytes);
      }),
      { numRuns: 1_000 },
    );
  });

  it('loses its signature with any changed byte', () => {
    fc.assert(
      fc.property(packet, fc.nat(), fc.integer({ min: 1, max: 255 }), (sent, at, change) => {
        const bytes = Uint8Array.from(encodePacket(sent, signer));
        bytes[at % bytes.length]! ^= change;
        const opened = openFrame(bytes);
        if (opened.ok) expect(signer.verify(opened.frame)).not.toBe('ok');
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ['oversized', new Uint8Array(1_201)],
    ['too-short', encodePacket(greeting, signer).subarray(0, 40)],
    ['too-short', new Uint8Array(0)],
    ['not-ours', new TextEncoder().encode('GET / HTTP/1.1')],
    ['version', Uint8Array.from(encodePacket(greeting, signer)).fill(2, 2, 3)],
    ['malformed', Uint8Array.from(encodePacket(greeting, signer)).fill(9, 3, 4)],
    ['malformed', Uint8Array.from(encodePacket(greeting, signer)).fill(255, 37, 38)],
  ])('is refused as %s', (reason, bytes) => {
    expect(decodePacket(bytes)).toEqual({ ok: false, reason });
  });

  it('refuses to be sent with a name that does not fit', () => {
    expect(() => encodePacket({ ...greeting, receiver: 'x'.repeat(64) }, signer)).toThrow(RangeError);
  });

  it('of a pair with one group stays at or below 160 bytes, request and answer', () => {
    const groups = new GroupTable(['web']);
    const sizeOf = (sender: string, message: ReturnType<typeof heartbeatOf>) => {
      const incarnation = sender === 'main' ? greeting.incarnation : ('ffffffffffffffff' as Incarnation);
      const [payload] = encodeBodies(message, {
        sender: { name: sender, incarnation },
        groups,
        capacity: 1_000,
      });
      const sent = {
        ...greeting,
        kind: 'message',
        sender,
        incarnation,
        sequence: 7,
        payload: payload!,
      } as const;
      return encodePacket(sent, signer).length;
    };
    expect(sizeOf('main', heartbeatOf([usualReport('web')]))).toBeLessThanOrEqual(160);
    const reply = usualReport('web', { role: 'standby', grants: 1234 as Term, leaseMs: 0, deadtimeMs: 0 });
    expect(sizeOf('aux', heartbeatOf([reply], { kind: 'reply' }))).toBeLessThanOrEqual(160);
  });
});

describe('the authenticator', () => {
  const frameBy = (keys: Authenticator) => {
    const opened = openFrame(encodePacket(greeting, keys));
    if (!opened.ok) throw new Error(opened.reason);
    return opened.frame;
  };

  it('accepts both keys of a ring at every step of a rotation', () => {
    const steps = [
      new Authenticator({ current: oldKey, previous: null }),
      new Authenticator({ current: oldKey, previous: newKey }),
      new Authenticator({ current: newKey, previous: oldKey }),
      new Authenticator({ current: newKey, previous: null }),
    ];
    for (let step = 0; step + 1 < steps.length; step += 1) {
      expect(steps[step]!.verify(frameBy(steps[step + 1]!))).toBe('ok');
      expect(steps[step + 1]!.verify(frameBy(steps[step]!))).toBe('ok');
    }
  });

  it('tells a different key from a damaged datagram', () => {
    const frame = frameBy(new Authenticator({ current: newKey, previous: null }));
    expect(signer.verify(frame)).toBe('unknown-key');
    expect(signer.verify({ ...frameBy(signer), tag: new Uint8Array(16) })).toBe('bad-signature');
    expect(signer.verify({ ...frameBy(signer), tag: new Uint8Array(3) })).toBe('bad-signature');
  });

  it('refuses a key that could be guessed, in words that say what to do', () => {
    expect(() => new Authenticator({ current: Buffer.alloc(15), previous: null })).toThrow(
      /15 bytes.*keygen/,
    );
  });
});
