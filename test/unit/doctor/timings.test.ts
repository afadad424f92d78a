import { expect, it } from 'vitest';
import { ofLinks } from '../../../src/doctor/checks/timings.ts';
import { statusSnapshot } from '../control/snapshot-fixture.ts';

const WARNTIME_MS = 300;

/** What is said of a link with this round trip, measured so long ago. */
function said(rttMs: number | null, rttMsAgo: number | null): string[] {
  const { nodes } = statusSnapshot();
  const measured = nodes.map((node) => ({
    ...node,
    links: node.links.map((link) => ({ ...link, rttMs, rttMsAgo })),
  }));
  return ofLinks(measured, WARNTIME_MS).map(({ verdict, text }) => `${verdict}: ${text}`);
}

it('finds fault with a round trip that is too long now', () => {
  expect(said(12, 40)).toEqual(['ok: aux answers in 12.0 ms, warntime is 300ms']);
  expect(said(120, 40)).toEqual(['warning: aux answers in 120.0 ms, warntime is 300ms']);
  expect(said(417.3, 40)).toEqual(['failure: aux answers in 417.3 ms, warntime is 300ms']);
});

it('finds none with one of the start of a standby, which measures no more', () => {
  expect(said(417.3, 10_001)).toEqual(['ok: aux answered in 417.3 ms when it was last asked']);
});

it('takes what a daemon says that does not say when for one of now, and says nothing of what was not measured', () => {
  expect(said(417.3, null)).toEqual(['failure: aux answers in 417.3 ms, warntime is 300ms']);
  expect(said(null, null)).toEqual([]);
});
