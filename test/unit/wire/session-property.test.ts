import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SessionWorld } from './session-world.ts';

type Act =
  | { readonly act: 'send'; readonly by: 'main' | 'aux'; readonly path: number | null }
  | { readonly act: 'arrive'; readonly which: number }
  | { readonly act: 'lose'; readonly which: number }
  | { readonly act: 'replay'; readonly which: number }
  | { readonly act: 'advance'; readonly ms: number }
  | { readonly act: 'restart'; readonly who: 'main' | 'aux' };

const node = fc.constantFrom('main' as const, 'aux' as const);
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      act: fc.constant('send' as const),
      by: node,
      path: fc.constantFrom(null, 0, 1),
    }),
  },
  { weight: 12, arbitrary: fc.record({ act: fc.constant('arrive' as const), which: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ act: fc.constant('lose' as const), which: fc.nat() }) },
  { weight: 6, arbitrary: fc.record({ act: fc.constant('replay' as const), which: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ act: fc.constant('advance' as const), ms: fc.nat(400) }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('restart' as const), who: node }) },
);

const other = (name: string): string => (name === 'main' ? 'aux' : 'main');
const start = (world: SessionWorld, name: string) => world.start(name, { pathCount: 2 });

/** One act of a network that loses, repeats and reorders, of nodes that restart, of somebody who replays. */
function perform(world: SessionWorld, step: Act, payload: string): void {
  const pick = <T>(list: readonly T[], which: number): T | undefined =>
    list[which % Math.max(1, list.length)];
  switch (step.act) {
    case 'send':
      world.send(step.by, other(step.by), payload, step.path);
      return;
    case 'arrive':
    case 'lose': {
      const flight = pick(world.inFlight, step.which);
      if (flight === undefined) return;
      if (step.act === 'arrive') world.arrive(flight);
      else world.inFlight = world.inFlight.filter((each) => each !== flight);
      return;
    }
    case 'replay': {
      const flight = pick(world.history, step.which);
      if (flight !== undefined) world.arrive(flight);
      return;
    }
    case 'advance':
      world.nowMs += step.ms;
      return;
    case 'restart':
      start(world, step.who);
  }
}

it('accepts nothing twice and no earlier life after a later one, and heals, whatever the network does', () => {
  fc.assert(
    fc.property(fc.array(act, { minLength: 30, maxLength: 300, size: 'max' }), (acts) => {
      const world = new SessionWorld();
      start(world, 'main');
      start(world, 'aux');
      for (const [i, step] of acts.entries()) perform(world, step, `payload ${i}`);

      const accepted = world.delivered.map(({ path, payload }) => `${path} ${payload}`);
      expect(new Set(accepted).size).toBe(accepted.length);
      for (const receiver of ['main', 'aux']) {
        const lives = world.delivered
          .filter(({ to }) => to === receiver)
          .map(({ incarnation }) => incarnation);
        expect(lives).toEqual([...lives].sort());
      }

      const pairs = [
        ['main', 'aux'],
        ['aux', 'main'],
      ] as const;
      world.heartbeats(6, pairs);
      world.delivered.length = 0;
      world.heartbeats(2, pairs);
      expect(world.delivered).toHaveLength(2 * 2 * 2);
    }),
    { numRuns: 1_000 },
  );
});
