import type { GroupKind } from '../core/types.ts';
import { drawFaults } from './draw-faults.ts';
import { drawSparseFaults } from './draw-sparse-faults.ts';
import { drawTerrain } from './draw-terrain.ts';
import type { Fault, FaultClass } from './fault.ts';
import { Prng } from './prng.ts';
import { type ProfileName, profileOf } from './profiles.ts';
import type { Terrain } from './terrain.ts';

/** What a schedule is drawn from: with the seed, all that a replay needs. */
export interface PlanWishes {
  readonly profile: ProfileName;
  readonly kind: GroupKind;
  readonly nodes: number;
  readonly only?: ReadonlySet<FaultClass>;
}

/** One schedule: a cluster, what goes wrong in it, and how long it may take to be well again. */
export interface Plan {
  readonly seed: number;
  /** An hour to two days with few faults, instead of a minute full of them. */
  readonly sparse: boolean;
  readonly terrain: Terrain;
  readonly faults: readonly Fault[];
  readonly healMs: number;
  /** The least time that is run after healing, so that what comes late is seen too. */
  readonly afterHealMs: number;
  /** L3: when all must be well at the latest. */
  readonly patienceMs: number;
}

const FAULT_PHASE_MS = 40_000;
const AFTER_HEAL_MS = 16_000;
/** Boot, initdead, the longest lease and rule 15's longest wait, one after the other. */
const PATIENCE_MS = 75_000;

/** One seed in so many is sparse. */
const SPARSE_EVERY = 50;
const HOUR_MS = 3_600_000;
const HOURS_MOST = 48;
/** Few beat at their own pace, for an hour; the others as slowly as Heartbeat did: it is the hours that matter there. */
const OWN_PACE_SHARE = 0.12;

export function drawPlan(seed: number, wishes: PlanWishes): Plan {
  if (seed % SPARSE_EVERY === 0) return drawSparsePlan(seed, wishes);
  const { profile: name, kind, nodes } = wishes;
  const profile = profileOf(name, kind);
  const { stretch } = profile;
  const healMs = FAULT_PHASE_MS * stretch;
  const only = wishes.only === undefined ? {} : { only: wishes.only };
  return {
    seed,
    sparse: false,
    terrain: drawTerrain(seed, { profile, kind, nodes }),
    faults: drawFaults(seed, { nodes, kind, untilMs: healMs, stretch, ...only }),
    healMs,
    afterHealMs: AFTER_HEAL_MS * stretch,
    patienceMs: PATIENCE_MS * stretch,
  };
}

function drawSparsePlan(seed: number, wishes: PlanWishes): Plan {
  const { kind, nodes } = wishes;
  const random = new Prng(seed, 'hours');
  const ownPace = random.chance(OWN_PACE_SHARE);
  const healMs = Math.round(HOUR_MS * (ownPace ? 1 : HOURS_MOST ** (random.next() ** 3)));
  const profile = profileOf(ownPace ? wishes.profile : 'classic', kind);
  const { stretch } = profile;
  const only = wishes.only === undefined ? {} : { only: wishes.only };
  return {
    seed,
    sparse: true,
    terrain: drawTerrain(seed, { profile, kind, nodes }),
    faults: drawSparseFaults(seed, { nodes, kind, untilMs: healMs, stretch, ...only }),
    healMs,
    afterHealMs: AFTER_HEAL_MS * stretch,
    patienceMs: 2 * PATIENCE_MS * stretch,
  };
}
