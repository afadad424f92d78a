import { waitFor } from '../core/timing-rules.ts';
import type { GroupKind, GroupTimings } from '../core/types.ts';
import type { PathProblem } from './config-error.ts';
import { formatDuration } from './duration.ts';
import type { ConfigurationFile } from './schema.ts';

/** PROTOCOL.md, "Timing": how far a holder's clock may be from true, ρ. */
export const CLOCK_RATE_BOUND = 0.01;
/** What a node may spend between warntime and deadtime on anything but the witness. */
export const OWN_SHARE_MS = 50;
const INITDEAD_MS = 10_000;
const STOP_TIMEOUT_MS = 5_000;
/** 200 ms of a stop are kept back for its answer; in less than the rest no service ends by itself. */
export const STOP_TIMEOUT_LEAST_MS = 400;

export type ProfileName = ConfigurationFile['profile'];

const KEEPALIVE_MS: Readonly<Record<ProfileName, number>> = { default: 100, fast: 50, turbo: 30 };

export const PROFILES: Readonly<Record<ProfileName, GroupTimings>> = {
  default: timings(300, 1_000, 3_000, 400),
  fast: timings(150, 500, 1_500, 250),
  turbo: timings(90, 400, 1_000, 250),
};
/** Whatever the profile: a stop of 5 s has to fit into the silence that precedes a claim. */
export const EXCLUSIVE = timings(1_000, 7_000, 7_000, 400);

export interface ClusterTimings {
  readonly keepaliveMs: number;
  readonly initdeadMs: number;
  readonly groups: Readonly<Record<string, GroupTimings>>;
}

export interface ResolvedTimings {
  readonly timings: ClusterTimings;
  readonly problems: readonly PathProblem[];
}

type Key = 'warntime' | 'deadtime' | 'lease' | 'witnessTimeout' | 'stopTimeout';

/** A value with the place where it can be changed, and the words for where it came from. */
interface Setting {
  readonly ms: number;
  /** null: nobody wrote it. */
  readonly path: readonly string[] | null;
  readonly from: string;
}

type GroupPlan = Readonly<Record<Key, Setting>>;

/**
 * Profile, then `timings`, then the group's own `timings`. A lease or an initdead that nobody wrote grows with
 * the others; what was written and breaks a relation is refused with the numbers.
 */
export function resolveTimings(file: ConfigurationFile): ResolvedTimings {
  const keepalive = clusterSetting(file, 'keepalive', KEEPALIVE_MS[file.profile]);
  const plans = Object.entries(file.groups).map(([name, group]) => {
    const plan = planGroup(file, name);
    return { name, kind: group.kind, plan };
  });
  const longest = Math.max(0, ...plans.map(({ plan }) => waitFor(plan.deadtime.ms)));
  const initdead = clusterSetting(file, 'initdead', Math.max(INITDEAD_MS, Math.ceil(longest)));
  const problems = plans.flatMap(({ name, kind, plan }) => [
    ...groupProblems(name, kind, plan, keepalive),
    ...initdeadProblems(name, plan, initdead),
  ]);
  const groups = Object.fromEntries(plans.map(({ name, plan }) => [name, toGroupTimings(plan)]));
  return { timings: { keepaliveMs: keepalive.ms, initdeadMs: initdead.ms, groups }, problems };
}

function clusterSetting(file: ConfigurationFile, key: 'keepalive' | 'initdead', defaultMs: number): Setting {
  const written = file.timings[key];
  if (written !== undefined) return { ms: written, path: ['timings', key], from: `timings.${key}` };
  return { ms: defaultMs, path: null, from: `profile ${file.profile}` };
}

function planGroup(file: ConfigurationFile, name: string): GroupPlan {
  const group = file.groups[name];
  const kind = group?.kind ?? 'address';
  const defaults = kind === 'exclusive' ? EXCLUSIVE : PROFILES[file.profile];
  const from = kind === 'exclusive' ? 'the default of exclusive groups' : `profile ${file.profile}`;
  const pick = (key: Key, defaultMs: number): Setting => {
    const own = group?.timings[key];
    if (own !== undefined)
      return { ms: own, path: ['groups', name, 'timings', key], from: `groups.${name}.timings.${key}` };
    const shared = file.timings[key];
    if (shared !== undefined) return { ms: shared, path: ['timings', key], from: `timings.${key}` };
    return { ms: defaultMs, path: null, from };
  };
  const deadtime = pick('deadtime', defaults.deadtimeMs);
  const witnessTimeout = pick('witnessTimeout', defaults.witnessTimeoutMs);
  const stopTimeout = pick('stopTimeout', defaults.stopTimeoutMs);
  const shortestLeaseMs = leaseFloorMs(kind, deadtime.ms, witnessTimeout.ms, stopTimeout.ms);
  return {
    warntime: pick('warntime', defaults.warntimeMs),
    deadtime,
    lease: pick('lease', Math.max(defaults.leaseMs, shortestLeaseMs)),
    witnessTimeout,
    stopTimeout,
  };
}

function groupProblems(
  name: string,
  kind: GroupKind,
  plan: GroupPlan,
  keepalive: Setting,
): readonly PathProblem[] {
  const { warntime, deadtime, lease, witnessTimeout, stopTimeout } = plan;
  const problems: PathProblem[] = [];
  const refuse = (suspects: readonly Setting[], message: string): void => {
    const path = suspects.find((setting) => setting.path !== null)?.path ?? ['groups', name];
    problems.push({ path, message });
  };
  if (3 * keepalive.ms > warntime.ms) {
    refuse(
      [warntime, keepalive],
      `group ${name}: three heartbeats must fit into warntime, but 3 × keepalive ${shown(keepalive)} is ${formatDuration(3 * keepalive.ms)}, more than warntime ${shown(warntime)}`,
    );
  }
  if (kind === 'exclusive' && stopTimeout.ms < STOP_TIMEOUT_LEAST_MS) {
    refuse(
      [stopTimeout],
      `group ${name}: no service stops in so short a time: stopTimeout ${shown(stopTimeout)} is shorter than ${STOP_TIMEOUT_LEAST_MS}ms`,
    );
  }
  const stopMs = kind === 'exclusive' ? stopTimeout.ms : 0;
  const neededMs = warntime.ms + witnessTimeout.ms + OWN_SHARE_MS;
  const availableMs = Math.floor(deadtime.ms * (1 - CLOCK_RATE_BOUND)) - stopMs;
  if (neededMs > availableMs) {
    const shortest = Math.ceil((neededMs + stopMs) / (1 - CLOCK_RATE_BOUND));
    const stop = stopMs === 0 ? '' : ` less stopTimeout ${shown(stopTimeout)}`;
    refuse(
      [deadtime, warntime, witnessTimeout, stopTimeout],
      `group ${name}: a leader must be able to defend itself between warntime and deadtime: ` +
        `warntime ${shown(warntime)} + witnessTimeout ${shown(witnessTimeout)} + ${OWN_SHARE_MS}ms is ${formatDuration(neededMs)}, ` +
        `but 99 % of deadtime ${shown(deadtime)}${stop} is ${availableMs}ms; a deadtime of ${formatDuration(shortest)} would do`,
    );
  }
  const floorMs = leaseFloorMs(kind, deadtime.ms, witnessTimeout.ms, stopTimeout.ms);
  if (lease.ms < floorMs) {
    const sum = kind === 'exclusive' ? '3 × witnessTimeout + stopTimeout' : '3 × witnessTimeout';
    refuse(
      [lease, deadtime],
      `group ${name}: a lease must outlast deadtime ${shown(deadtime)} and ${sum}: lease ${shown(lease)} is shorter than ${formatDuration(floorMs)}`,
    );
  }
  return problems;
}

function initdeadProblems(name: string, { deadtime }: GroupPlan, initdead: Setting): readonly PathProblem[] {
  const leastMs = Math.ceil(waitFor(deadtime.ms));
  if (initdead.ms >= leastMs) return [];
  const message = `group ${name}: a starting node must wait longer than a deadtime, on any clock: initdead ${shown(initdead)} is shorter than ${leastMs}ms, deadtime ${shown(deadtime)} and 2 %`;
  return [{ path: initdead.path ?? deadtime.path ?? ['groups', name], message }];
}

/** Lw ≥ max(d, 3T + S): a renewal may fail twice before the lease is over. */
function leaseFloorMs(
  kind: GroupKind,
  deadtimeMs: number,
  witnessTimeoutMs: number,
  stopTimeoutMs: number,
): number {
  return Math.max(deadtimeMs, 3 * witnessTimeoutMs + (kind === 'exclusive' ? stopTimeoutMs : 0));
}

const shown = ({ ms, from }: Setting): string => `${formatDuration(ms)} (${from})`;

const toGroupTimings = (plan: GroupPlan): GroupTimings => ({
  warntimeMs: plan.warntime.ms,
  deadtimeMs: plan.deadtime.ms,
  leaseMs: plan.lease.ms,
  witnessTimeoutMs: plan.witnessTimeout.ms,
  stopTimeoutMs: plan.stopTimeout.ms,
});

function timings(
  warntimeMs: number,
  deadtimeMs: number,
  leaseMs: number,
  witnessTimeoutMs: number,
): GroupTimings {
  return { warntimeMs, deadtimeMs, leaseMs, witnessTimeoutMs, stopTimeoutMs: STOP_TIMEOUT_MS };
}
