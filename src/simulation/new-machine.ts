import { STAYS } from '../core/departure.ts';
import type { Machine } from './machine.ts';
import { NodeClock } from './node-clock.ts';
import type { Prng } from './prng.ts';
import { ServiceModel } from './service-model.ts';
import type { Terrain } from './terrain.ts';

/** A machine that is on and has not started its daemon yet. */
export function newMachine(terrain: Terrain, index: number, random: Prng): Machine {
  const guarded = terrain.groups.some((group) => group.kind === 'exclusive');
  return {
    index,
    name: terrain.names[index] as string,
    instanceId: `i-${index}`,
    keys: { signing: 1, accepted: [1] },
    clock: new NodeClock(terrain.clockRates[index] ?? 1, random.between(0, 100_000)),
    services: terrain.groups.map(
      (_, group) => new ServiceModel(terrain.past[group]?.running[index] ?? false),
    ),
    guards: guarded
      ? terrain.groups.map(() => ({ deadlineMs: null, firesMs: Number.POSITIVE_INFINITY }))
      : [],
    powered: true,
    standing: false,
    daemon: null,
    heldDown: 0,
    disk: null,
    condition: 'running',
    conditionBefore: 'running',
    conditionVisibleMs: Number.NEGATIVE_INFINITY,
    ineligible: terrain.groups.map(() => ''),
    healthUntold: false,
    departure: STAYS,
    departureUntold: false,
    pingsLost: null,
    reachUntold: false,
    unlisted: [],
    fileUnread: false,
    waitingCommands: [],
  };
}
