import { expect, it } from 'vitest';
import { LinkMeter } from '../../../src/wire/link-meter.ts';

const AUX = { peer: 'aux', path: 0 };

it('counts what was missed as lost, per path', () => {
  const meter = new LinkMeter();
  meter.noteReceived(AUX, 3, 10);
  meter.noteReceived(AUX, 0, 20);
  expect(meter.link('aux', 0)).toMatchObject({ received: 2, lost: 3, heardAtMs: 20 });
  expect(meter.link('aux', 1)).toMatchObject({ received: 0, lost: 0, heardAtMs: null });
});

it('takes the time from a heartbeat to its reply, smoothed, and none from a beat it no longer knows', () => {
  const meter = new LinkMeter();
  meter.noteBeat('aux', 1, 100);
  meter.noteReply(AUX, 1, 108);
  expect(meter.link('aux', 0).rttMs).toBe(8);
  meter.noteBeat('aux', 65, 200);
  meter.noteReply(AUX, 1, 500);
  expect(meter.link('aux', 0).rttMs).toBe(8);
  meter.noteReply(AUX, 65, 216);
  expect(meter.link('aux', 0)).toMatchObject({ rttMs: 9, rttAtMs: 216 });
});

it('forgets a node that left, and keeps the others', () => {
  const meter = new LinkMeter();
  meter.noteSent('aux', 0);
  meter.noteSent('third', 0);
  meter.forgetAllBut(new Set(['third']));
  expect(meter.link('aux', 0).sent).toBe(0);
  expect(meter.link('third', 0).sent).toBe(1);
});
