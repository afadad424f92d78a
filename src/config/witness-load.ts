import { LEASE_CAP_MS, LEASE_RENEWAL_SHARE } from '../core/timing-rules.ts';
import type { PathProblem } from './config-error.ts';
import type { ConfigurationFile } from './schema.ts';
import type { ClusterTimings } from './timings.ts';

/** Of deadtime: when a throttled write is tried again; what the quota lets through after the last try is no use. */
const RETRY_SHARE = 1 / 3;
/** The term's own parameter, and the hint that names the newest. */
const WRITES_PER_TERM = 2;

/** PutParameter calls of the whole cluster when its nodes cannot hear each other but all reach the witness. */
export interface WitnessLoad {
  /** Within a deadtime of the cut: every leader defends itself, every challenger may try once. */
  readonly firstBurstWrites: number;
  /** For as long as the partition lasts, with leases grown to their cap. */
  readonly sustainedWritesPerSecond: number;
  readonly quotaPerSecond: number;
  /** The most groups that one node may come to lead. */
  readonly groupsOfOneNode: number;
  /** How many terms the quota lets through between warntime and deadtime, a second's worth of it at once. */
  readonly termsBeforeDeadtime: number;
}

/** PROTOCOL.md, "Timing": leases double to 10 s, leaders renew at 60 %, a challenger tries once a lease. */
export function witnessLoad(file: ConfigurationFile, timings: ClusterTimings): WitnessLoad {
  let firstBurstWrites = 0;
  let sustained = 0;
  for (const [name, group] of Object.entries(file.groups)) {
    const challengers = Math.max(0, group.nodes.length - 1);
    const capMs = Math.max(LEASE_CAP_MS, timings.groups[name]?.leaseMs ?? 0);
    firstBurstWrites += WRITES_PER_TERM + challengers;
    sustained += (1_000 / capMs) * (WRITES_PER_TERM / LEASE_RENEWAL_SHARE + challengers);
  }
  return {
    firstBurstWrites,
    sustainedWritesPerSecond: Math.round(sustained * 100) / 100,
    quotaPerSecond: file.witness.ssm.writesPerSecond,
    ...burstOfOneLeader(file, timings),
  };
}

/**
 * The worst moment: a node that leads everything is cut off, or dies. Its groups are defended, or taken over, all at
 * once, each with a term of its own; a defence that is not written by deadtime may lose to a challenger.
 */
function burstOfOneLeader(
  file: ConfigurationFile,
  timings: ClusterTimings,
): Pick<WitnessLoad, 'groupsOfOneNode' | 'termsBeforeDeadtime'> {
  const groups = Object.values(file.groups);
  const led = Object.keys(file.nodes).map(
    (node) => groups.filter(({ nodes }) => nodes.includes(node)).length,
  );
  const windows = Object.values(timings.groups).map(
    ({ deadtimeMs, warntimeMs }) => deadtimeMs * (1 - RETRY_SHARE) - warntimeMs,
  );
  const { writesPerSecond } = file.witness.ssm;
  return {
    groupsOfOneNode: Math.max(0, ...led),
    termsBeforeDeadtime: Math.floor(writesPerSecond * (1 + Math.max(0, Math.min(...windows)) / 1_000)),
  };
}

export function witnessLoadProblems(load: WitnessLoad, groups: number): readonly PathProblem[] {
  const path = ['witness', 'ssm', 'writesPerSecond'];
  const problems: PathProblem[] = [];
  if (load.sustainedWritesPerSecond > load.quotaPerSecond) {
    const message =
      `in a partition ${groups} groups write ${load.sustainedWritesPerSecond} times a second to the witness, ` +
      `but writesPerSecond is ${load.quotaPerSecond}: use fewer groups, longer leases, or raise the account's quota and this number`;
    problems.push({ path, message });
  }
  if (load.groupsOfOneNode > load.termsBeforeDeadtime) {
    const message =
      `one node may lead ${load.groupsOfOneNode} groups, and must write a term for each between warntime and deadtime when it is cut off, ` +
      `but of ${load.quotaPerSecond} writes a second only ${load.termsBeforeDeadtime} fit there: use fewer groups, a longer deadtime, or raise the account's quota and this number`;
    problems.push({ path, message });
  }
  return problems;
}
