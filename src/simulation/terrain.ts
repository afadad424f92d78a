import type { GroupConfig, NodeName, TermRecord } from '../core/types.ts';
import { FREE } from './address-model.ts';
import type { Latency } from './remote-service.ts';

/** The history of a group before the schedule begins. */
export interface Past {
  /** Node index, or FREE. */
  readonly holder: number;
  /** Whether services run, per node. */
  readonly running: readonly boolean[];
  readonly record: TermRecord | null;
}

/** What a node's own file says. */
export interface NodeConfig {
  readonly groups: readonly GroupConfig[];
  readonly keepaliveMs: number;
  readonly initdeadMs: number;
}

/** The unchanging conditions of one schedule: what is not a fault but differs from cluster to cluster. */
export interface Terrain {
  readonly names: readonly NodeName[];
  readonly groups: readonly GroupConfig[];
  readonly keepaliveMs: number;
  readonly initdeadMs: number;
  /** Nodes whose files say something else, by index; leave out the rest. */
  readonly configs: Readonly<Record<number, NodeConfig>>;
  /** Local milliseconds per virtual one, per node. */
  readonly clockRates: readonly number[];
  readonly startsMs: readonly number[];
  readonly past: readonly Past[];
  readonly paths: number;
  readonly networkDelayMs: number;
  readonly networkJitterMs: number;
  readonly witness: Latency;
  readonly cloudReads: Latency;
  readonly cloudChanges: Latency;
  readonly serviceStart: Latency;
  readonly serviceStop: Latency;
  /** Timers fire up to so much late. */
  readonly timerLateMs: number;
  /** Services come up with the machine. */
  readonly servicesAtBoot: boolean;
  /** Probability that a restart finds no state file. */
  readonly diskLost: number;
  readonly refusesOwnHolder: boolean;
  /** Probability that a daemon that starts is an older version: in an upgrade some are, and some come back. */
  readonly olderShare: number;
}

/**
 * Of a node whose operator changed its timings and forgot those of the others. The relations between the timings stay
 * whole, and calls to the witness keep the deadline that they have everywhere.
 */
export function slowerConfig(
  groups: readonly GroupConfig[],
  { keepaliveMs, initdeadMs }: Pick<Terrain, 'keepaliveMs' | 'initdeadMs'>,
  factor: number,
): NodeConfig {
  const own = groups.map(({ timings, ...group }) => ({
    ...group,
    timings: {
      ...timings,
      warntimeMs: timings.warntimeMs * factor,
      deadtimeMs: timings.deadtimeMs * factor,
      leaseMs: timings.leaseMs * factor,
    },
  }));
  const longestMs = Math.max(...own.map(({ timings }) => timings.deadtimeMs));
  return { groups: own, keepaliveMs, initdeadMs: Math.max(initdeadMs, longestMs * 1.1) };
}

export function configOf(terrain: Terrain, node: number): NodeConfig {
  const { groups, keepaliveMs, initdeadMs } = terrain.configs[node] ?? terrain;
  return { groups, keepaliveMs, initdeadMs };
}

/** How long the witness takes on a calm terrain. */
export const CALM_WITNESS_MS = 100;

/** Everything takes its usual time, always the same; nothing has a past, and nothing comes up by itself. */
export function calmTerrain(
  names: readonly NodeName[],
  groups: readonly GroupConfig[],
  { keepaliveMs, initdeadMs }: Pick<Terrain, 'keepaliveMs' | 'initdeadMs'>,
): Terrain {
  const always = (ms: number): Latency => ({ leastMs: ms, mostMs: ms });
  return {
    names,
    groups,
    keepaliveMs,
    initdeadMs,
    configs: {},
    clockRates: names.map(() => 1),
    startsMs: names.map(() => 0),
    past: groups.map(() => ({ holder: FREE, running: names.map(() => false), record: null })),
    paths: 1,
    networkDelayMs: 0.5,
    networkJitterMs: 0,
    witness: always(CALM_WITNESS_MS),
    cloudReads: always(150),
    cloudChanges: always(600),
    serviceStart: always(200),
    serviceStop: always(100),
    timerLateMs: 0,
    servicesAtBoot: false,
    diskLost: 0,
    refusesOwnHolder: false,
    olderShare: 0,
  };
}
