import { expect, it } from 'vitest';
import { ofDaemon } from '../../../src/doctor/checks/heartbeats.ts';
import { statusSnapshot } from '../control/snapshot-fixture.ts';

/** What is said of a peer that is heard, whose round trip was measured so long ago. */
function said(rttMs: number | null, rttMsAgo: number | null): string[] {
  const snapshot = statusSnapshot();
  const nodes = snapshot.nodes.map((node) => ({
    ...node,
    links: node.links.map((link) => ({ ...link, state: 'up' as const, rttMs, rttMsAgo })),
  }));
  return ofDaemon({ ...snapshot, nodes }, 9694).map(({ verdict, text }) => `${verdict}: ${text}`);
}

it('tells the round trip of now, and none of days ago as one of now', () => {
  expect(said(0.4, 100)).toEqual([expect.stringMatching(/^ok: aux \(.*\) answers in 0\.4 ms$/)]);
  expect(said(0.4, 86_400_000)).toEqual([
    expect.stringMatching(/^ok: aux \(.*\) is heard, and answered when it was asked last$/),
  ]);
});

it('finds fault with one that never answered', () => {
  expect(said(null, null)).toEqual([expect.stringMatching(/^failure: aux .* does not answer/)]);
});
