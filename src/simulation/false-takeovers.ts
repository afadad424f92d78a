import type { TermRecord } from '../core/types.ts';
import type { CoreUnderTest } from './core-under-test.ts';
import { drawTerrain } from './draw-terrain.ts';
import { EVERY, type Fault } from './fault.ts';
import type { Observer } from './observer.ts';
import { Prng } from './prng.ts';
import { type ProfileName, profileOf } from './profiles.ts';
import { World } from './world.ts';

export interface FalseTakeovers {
  /** Terms in which somebody took the lead from a leader that lived. */
  readonly takeovers: number;
  /** All terms, each of them a write to the witness. */
  readonly terms: number;
}

const PAUSES = 1_000;
/** Long enough that one pause is over and forgotten when the next comes. */
const PAUSE_EVERY_MS = 5_000;
const SETTLED_MS = 30_000;
const HOUR_MS = 3_600_000;
const SEEDS = 4;

/** A node, by turns chance's, stands still for 5 % to 50 % of deadtime, a thousand times. */
export function takeoversByPauses(name: ProfileName, core: CoreUnderTest): FalseTakeovers {
  const { deadtimeMs } = profileOf(name, 'address').timings;
  return measure(name, core, (random) =>
    Array.from({ length: PAUSES / SEEDS }, (_, index) => ({
      ...NOTHING,
      class: 'freeze' as const,
      atMs: SETTLED_MS + index * PAUSE_EVERY_MS,
      durationMs: random.between(0.05, 0.5) * deadtimeMs,
      node: random.below(2),
    })),
  );
}

/** An hour, in quarters of four clusters, in which every datagram is lost with this probability. */
export function takeoversByLoss(name: ProfileName, loss: number, core: CoreUnderTest): FalseTakeovers {
  const durationMs = HOUR_MS / SEEDS;
  return measure(name, core, () => [
    { ...NOTHING, class: 'loss', atMs: SETTLED_MS, durationMs, amount: loss },
  ]);
}

const NOTHING = { node: EVERY, other: EVERY, amount: 0, style: 0.5, durationMs: 0 };

function measure(
  name: ProfileName,
  core: CoreUnderTest,
  faultsOf: (random: Prng) => Fault[],
): FalseTakeovers {
  const counter = new TermCounter();
  for (let seed = 1; seed <= SEEDS; seed++) {
    const drawn = drawTerrain(seed, { profile: profileOf(name, 'address'), kind: 'address', nodes: 2 });
    // The same cluster for all: two nodes that start together, one path, one group, and no failback.
    const group = { ...drawn.groups[0]!, failback: { mode: 'manual' as const, afterMs: 0 } };
    const terrain = {
      ...drawn,
      groups: [group],
      past: drawn.past.slice(0, 1),
      startsMs: [0, 0],
      paths: 1,
      configs: {},
    };
    const faults = faultsOf(new Prng(seed, 'false takeovers'));
    const world = new World({ core, terrain, seed, observers: [counter] });
    counter.world = world;
    world.start(faults);
    world.runUntil(Math.max(...faults.map(({ atMs, durationMs }) => atMs + durationMs)) + PAUSE_EVERY_MS);
    if (world.broken !== null) throw new Error(world.broken);
  }
  return { takeovers: counter.takeovers, terms: counter.terms };
}

class TermCounter implements Observer {
  world: World | null = null;
  takeovers = 0;
  terms = 0;

  termCreated(_group: number, record: TermRecord): void {
    if ((this.world?.nowMs ?? 0) < SETTLED_MS) return;
    this.terms++;
    if (record.reason === 'takeover') this.takeovers++;
  }
}
