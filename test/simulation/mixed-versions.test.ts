import { expect, it } from 'vitest';
import type { PeerMessage } from '../../src/core/message.ts';
import { withoutNewFields } from '../../src/simulation/older-version.ts';
import { drawPlan } from '../../src/simulation/plan.ts';
import { realCore } from '../../src/simulation/real-core.ts';
import { runPlan } from '../../src/simulation/run-plan.ts';
import { World } from '../../src/simulation/world.ts';

const calm = drawPlan(1, { profile: 'default', kind: 'address', nodes: 2, only: new Set() });
const clusterOf = (olderShare: number) => ({ ...calm.terrain, startsMs: [0, 0], olderShare });

/** Which nodes carry out a "cleanup" that is typed on the first: it travels in a field that an older version lacks. */
function whoCleansUp(olderShare: number): Set<string> {
  const done = new Set<string>();
  const watcher = {
    noted: (machine: { name: string }, note: { type: string }) => {
      if (note.type === 'cleaned-up') done.add(machine.name);
    },
  };
  const terrain = clusterOf(olderShare);
  const world = new World({ core: realCore, terrain, seed: calm.seed, observers: [watcher] });
  world.start([]);
  world.runUntil(20_000);
  const [first] = world.machines;
  world.command(first!, { type: 'cleanup', id: '00000000000000aa', group: null, node: null, by: 'a test' });
  world.runUntil(30_000);
  return done;
}

it('a simulated older version neither says nor hears what came later', () => {
  expect(whoCleansUp(0)).toEqual(new Set(['main', 'aux']));
  expect(whoCleansUp(1)).toEqual(new Set(['main']));
});

it('an older version tells nothing of its machine, its reach and why it could not lead', () => {
  const newer = {
    kind: 'heartbeat',
    departure: 'imminent',
    reach: { reached: 1, of: 2 },
    reports: [{ group: 'web', whyNot: 'nginx: port 80 is taken', cleanedUp: '00000000000000aa' }],
  } as unknown as PeerMessage;
  expect(withoutNewFields(newer)).toEqual({
    kind: 'heartbeat',
    departure: 'none',
    reach: null,
    reports: [{ group: 'web', whyNot: '', cleanup: null, cleanedUp: '' }],
  });
});

it('a cluster of older versions is well', () => {
  expect(runPlan({ ...calm, terrain: clusterOf(1) }, realCore).violation).toBe(null);
});
