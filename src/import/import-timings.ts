import { formatDuration } from '../config/duration.ts';
import { CLOCK_RATE_BOUND, EXCLUSIVE, OWN_SHARE_MS, PROFILES } from '../config/timings.ts';
import { waitFor } from '../core/timing-rules.ts';
import { type ClusterSettings, TIMES, type TimeName } from './cluster-settings.ts';
import { formatPlace } from './import-error.ts';
import type { Remark } from './remark.ts';

export interface ImportedTime {
  readonly name: TimeName;
  readonly ms: number;
  /** For the comment. */
  readonly from: string;
}

export interface ImportedTimings {
  /** In the order in which they are written. */
  readonly times: readonly ImportedTime[];
  /** What an exclusive group needs for itself; null: the cluster's deadtime has room for its stop. */
  readonly exclusiveDeadtimeMs: number | null;
  readonly remarks: readonly Remark[];
}

/** Heartbeat's own defaults. */
const KEEPALIVE_MS = 1_000;
const DEADTIME_MS = 30_000;

/**
 * The times of ha.cf in seconds, as they were, where the relations of this protocol allow it. Deadtime is what an
 * operator chose for a reason, so the others give way: warntime must leave a leader time to defend itself, and
 * three heartbeats must fit into warntime.
 */
export function importTimings({ times }: ClusterSettings, hasExclusiveGroup: boolean): ImportedTimings {
  const remarks: Remark[] = [];
  const change = (name: TimeName, fromMs: number, toMs: number, why: string): number => {
    const text = `${name} ${formatDuration(fromMs)} becomes ${formatDuration(toMs)}: ${why}`;
    remarks.push({ kind: 'changed', place: times[name]?.line.place ?? null, text });
    return toMs;
  };
  const { witnessTimeoutMs, deadtimeMs: leastDeadtimeMs } = PROFILES.default;
  let deadtimeMs = times.deadtime?.value ?? DEADTIME_MS;
  const halfMs = Math.floor(deadtimeMs / 2);
  if (deadtimeMs < leastDeadtimeMs) {
    deadtimeMs = change(
      'deadtime',
      deadtimeMs,
      leastDeadtimeMs,
      'for less, take the profile fast or turbo instead of timings',
    );
  }
  let warntimeMs = times.warntime?.value ?? halfMs;
  const longestWarntimeMs = roomIn(deadtimeMs) - witnessTimeoutMs - OWN_SHARE_MS;
  if (warntimeMs > longestWarntimeMs) {
    const why = 'between warntime and deadtime a leader must have time to defend itself';
    warntimeMs = change('warntime', warntimeMs, longestWarntimeMs, why);
  }
  let keepaliveMs = times.keepalive?.value ?? KEEPALIVE_MS;
  if (3 * keepaliveMs > warntimeMs) {
    keepaliveMs = change(
      'keepalive',
      keepaliveMs,
      Math.floor(warntimeMs / 3),
      'three heartbeats must fit into warntime',
    );
  }
  const shortestMs = Math.ceil(
    (warntimeMs + witnessTimeoutMs + OWN_SHARE_MS + EXCLUSIVE.stopTimeoutMs) / (1 - CLOCK_RATE_BOUND),
  );
  const exclusiveDeadtimeMs = hasExclusiveGroup && shortestMs > deadtimeMs ? roundUp(shortestMs) : null;
  const leastInitdeadMs = roundUp(waitFor(exclusiveDeadtimeMs ?? deadtimeMs));
  let initdeadMs = times.initdead?.value ?? null;
  if (initdeadMs !== null && initdeadMs < leastInitdeadMs) {
    initdeadMs = change(
      'initdead',
      initdeadMs,
      leastInitdeadMs,
      'it must be longer than deadtime on any clock, by 2 %',
    );
  }
  const values: Readonly<Record<TimeName, number | null>> = {
    keepalive: keepaliveMs,
    warntime: warntimeMs,
    deadtime: deadtimeMs,
    initdead: initdeadMs,
  };
  const imported = TIMES.flatMap((name) => {
    const ms = values[name];
    return ms === null ? [] : [{ name, ms, from: comment(name, times, ms) }];
  });
  return { times: imported, exclusiveDeadtimeMs, remarks };
}

const DEFAULTS: Readonly<Record<TimeName, string>> = {
  keepalive: "not written: Heartbeat's 1 s",
  warntime: 'not written: half of deadtime',
  deadtime: "not written: Heartbeat's 30 s",
  initdead: '',
};

function comment(name: TimeName, times: ClusterSettings['times'], ms: number): string {
  const written = times[name];
  if (written === undefined) return DEFAULTS[name];
  const place = `${formatPlace(written.line.place)} ${written.line.text}`;
  return written.value === ms ? place : `${place}, changed: see below`;
}

const roomIn = (deadtimeMs: number): number => Math.floor(deadtimeMs * (1 - CLOCK_RATE_BOUND));
/** To whole tenths of a second, which read better. */
const roundUp = (ms: number): number => Math.ceil(ms / 100) * 100;
