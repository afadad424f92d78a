import type { GroupConfig, GroupKind, Incarnation, Term, TermRecord } from '../core/types.ts';
import { FREE } from './address-model.ts';
import { Prng } from './prng.ts';
import type { Profile } from './profiles.ts';
import { type NodeConfig, type Past, slowerConfig, type Terrain } from './terrain.ts';

const NAMES = ['main', 'aux', 'third', 'fourth', 'fifth'];

export interface TerrainWishes {
  readonly profile: Profile;
  readonly kind: GroupKind;
  readonly nodes: number;
}

/** The conditions of one schedule, drawn from its seed. */
export function drawTerrain(seed: number, wishes: TerrainWishes): Terrain {
  const random = new Prng(seed, 'terrain');
  const names = NAMES.slice(0, wishes.nodes);
  const groups = drawGroups(random, wishes, names);
  const witnessMost = random.pick([40, 100, 100, 250]);
  return {
    names,
    groups,
    keepaliveMs: wishes.profile.keepaliveMs,
    initdeadMs: wishes.profile.initdeadMs,
    configs: drawOddConfig(new Prng(seed, 'odd config'), names, groups, wishes.profile),
    clockRates: names.map(() => random.pick([1, 1, random.between(0.99, 1.01), 0.99, 1.01])),
    startsMs: names.map(() => random.pick([0, random.between(0, 200), random.between(0, 12_000)])),
    past: groups.map(() => drawPast(random, names, wishes.kind)),
    paths: random.pick([1, 1, 2]),
    networkDelayMs: random.between(0.2, 1.5),
    networkJitterMs: random.pick([0, 1, 5]),
    witness: { leastMs: 10, mostMs: witnessMost },
    cloudReads: { leastMs: 40, mostMs: 200 },
    cloudChanges: { leastMs: 150, mostMs: random.pick([400, 800]) },
    serviceStart: { leastMs: 20, mostMs: random.pick([100, 500]) },
    serviceStop: { leastMs: 10, mostMs: 200 },
    timerLateMs: random.pick([0, 1, 10]),
    servicesAtBoot: random.chance(wishes.kind === 'address' ? 0.5 : 0),
    diskLost: random.pick([0, 0, 0.5, 1]),
    refusesOwnHolder: random.chance(0.5),
    olderShare: new Prng(seed, 'mixed versions').chance(MIXED_SHARE) ? 0.5 : 0,
  };
}

function drawGroups(random: Prng, wishes: TerrainWishes, names: readonly string[]): GroupConfig[] {
  const failback = {
    mode: random.chance(0.5) ? ('auto' as const) : ('manual' as const),
    afterMs: random.pick([0, 2_000, 10_000]),
  };
  const standbyServices = wishes.kind === 'address' && random.chance(0.5) ? 'warm' : 'stopped';
  const { kind } = wishes;
  const web: GroupConfig = {
    name: 'web',
    kind,
    nodes: names,
    failback,
    standbyServices,
    timings: wishes.profile.timings,
  };
  if (!random.chance(0.1)) return [web];
  return [web, { ...web, name: 'mail', nodes: [...names].reverse() }];
}

/** Clusters in the middle of an upgrade. */
const MIXED_SHARE = 0.15;

/** In some clusters an operator changed the timings on one node and forgot the others. */
const ODD_SHARE = 0.12;
const ODD_FACTORS = [1.5, 2, 3];

function drawOddConfig(
  random: Prng,
  names: readonly string[],
  groups: readonly GroupConfig[],
  profile: Profile,
): Record<number, NodeConfig> {
  if (!random.chance(ODD_SHARE)) return {};
  const factor = random.pick(ODD_FACTORS);
  const config = slowerConfig(groups, profile, factor);
  const keepaliveMs = profile.keepaliveMs * (random.chance(0.5) ? factor : 1);
  return { [random.below(names.length)]: { ...config, keepaliveMs } };
}

/** Half the clusters are new; the others were led by somebody, whose daemon is gone. */
function drawPast(random: Prng, names: readonly string[], kind: GroupKind): Past {
  const nobodyRuns = names.map(() => false);
  if (random.chance(0.5)) return { holder: FREE, running: nobodyRuns, record: null };
  const owner = random.below(names.length);
  const holder = random.pick([owner, owner, FREE, random.below(names.length)]);
  const stillRuns = kind === 'address' && random.chance(0.7);
  return {
    holder,
    running: names.map((_, index) => stillRuns && index === holder),
    record: pastRecord(random, names, owner),
  };
}

function pastRecord(random: Prng, names: readonly string[], owner: number): TermRecord {
  const leases: Record<string, number> = {};
  const leaseMs = random.pick([0, 3_000]);
  for (const [index, name] of names.entries()) {
    if (index !== owner && leaseMs > 0) leases[name] = leaseMs;
  }
  return {
    group: 'web',
    term: (1 + random.below(20)) as Term,
    owner: names[owner] as string,
    incarnation: random.hex16() as Incarnation,
    leases,
    members: names,
    reason: 'takeover',
  };
}
