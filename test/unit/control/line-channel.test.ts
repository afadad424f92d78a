import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { LineChannel } from '../../../src/control/line-channel.ts';

/** A channel over what a peer writes, chunk by chunk, before it closes. */
function channelOf(maxBytes: number, ...chunks: readonly string[]): LineChannel {
  const stream = new Duplex({ read() {}, write: (_, __, done) => done() });
  for (const chunk of chunks) stream.push(chunk);
  stream.push(null);
  const channel = new LineChannel(stream as unknown as Socket, maxBytes);
  channel.open();
  return channel;
}

describe('lines from a socket', () => {
  it('come one at a time, however they were cut', async () => {
    const channel = channelOf(10, 'on', 'e\ntwo\nth', 'ree\n');
    expect(await channel.next(1_000)).toEqual({ ok: true, line: 'one' });
    expect(await channel.next(1_000)).toEqual({ ok: true, line: 'two' });
    expect(await channel.next(1_000)).toEqual({ ok: true, line: 'three' });
    expect(await channel.next(1_000)).toEqual({ ok: false, end: 'closed' });
  });

  it.each([
    ['in one piece', ['12345678901']],
    ['in pieces', ['123456', '78901']],
    ['with its end', ['12345678901\n']],
  ])('are refused when too long %s', async (_, chunks) => {
    expect(await channelOf(10, ...chunks).next(1_000)).toEqual({ ok: false, end: 'too-long' });
  });

  it('may be as long as is allowed', async () => {
    expect(await channelOf(10, '1234567890\n').next(1_000)).toEqual({ ok: true, line: '1234567890' });
  });

  it('without an end are no lines', async () => {
    expect(await channelOf(10, 'half').next(1_000)).toEqual({ ok: false, end: 'closed' });
  });
});
