/**
 * Owns how often services may fail on this node: each failure is first met by a restart here; too many of one
 * resource make the node ineligible for the group until they are forgotten, by time or by `eipkeeper cleanup`.
 */
import type { ServiceFailures } from './services-state.ts';
import type { CoreState, GroupState } from './state.ts';
import { due, wakeAt } from './toolbox.ts';
import type { Millis, RestartPolicy } from './types.ts';

/** For a resource whose configuration says nothing: the third failure without a quiet minute is one too many. */
export const DEFAULT_RESTART: RestartPolicy = { attempts: 2, withinMs: 60_000, forgetMs: 60_000 };

/** The failure is of no single resource: the call to all of them failed. */
export const WHOLE_GROUP = -1;

const BACKOFF_MS = 500;
const BACKOFF_MOST_MS = 30_000;
/** Far more than any wait between tries doubles for. */
const REMEMBERED_MOST = 128;

const policyOf = (group: GroupState, resource: number): RestartPolicy =>
  group.config.restarts?.[resource] ?? DEFAULT_RESTART;

/** Some resource failed more often than restarts are worth: the group does not run here. */
export function hasFailedTooOften(group: GroupState): boolean {
  for (const { untilMs } of group.services.failures.values()) if (untilMs !== null) return true;
  return false;
}

/** '' while the group may run here; else which resource it is and what ends it. */
export function whyGivenUp(group: GroupState): string {
  for (const { untilMs, reason, times } of group.services.failures.values()) {
    if (untilMs === null) continue;
    return `${reason}; that was failure ${times.length} here (eipkeeper cleanup ${group.config.name} forgets them)`;
  }
  return '';
}

/** Takes in one failure of the resource at this place of the group; WHOLE_GROUP when it is not known which. */
export function countFailure(state: CoreState, group: GroupState, resource: number, reason: string): void {
  const { services } = group;
  const policy = policyOf(group, resource);
  const before = services.failures.get(resource);
  const times = [...stillCounting(state, group, before, policy), state.nowMs].slice(-REMEMBERED_MOST);
  const untilMs = times.length > policy.attempts ? state.nowMs + policy.forgetMs : null;
  services.failures.set(resource, { times, reason, untilMs });
}

/** Failed starts in a row count however long each took; failures between which it ran count for `withinMs`. */
function stillCounting(
  state: CoreState,
  group: GroupState,
  before: ServiceFailures | undefined,
  { withinMs }: RestartPolicy,
): readonly Millis[] {
  if (before === undefined) return [];
  const ranSince = group.services.startedMs > before.times.at(-1)!;
  if (before.untilMs !== null || !ranSince) return before.times;
  return before.times.filter((atMs) => state.nowMs - atMs < withinMs);
}

/** How long to wait before what failed is tried again: not at all at first, then ever longer. */
export function backoffMs(group: GroupState): number {
  let beyond = 0;
  for (const [resource, { times }] of group.services.failures) {
    beyond = Math.max(beyond, times.length - policyOf(group, resource).attempts);
  }
  return beyond === 0 ? 0 : Math.min(BACKOFF_MS * 2 ** (beyond - 1), BACKOFF_MOST_MS);
}

/** Forgets what is over. What is being started now is judged when that is known. */
export function forgetOldFailures(state: CoreState, group: GroupState): void {
  const { status, failures } = group.services;
  if (status === 'starting') return;
  for (const [resource, record] of failures) {
    const { withinMs, forgetMs } = policyOf(group, resource);
    const quietMs = status === 'running' ? withinMs : Math.max(withinMs, forgetMs);
    if (!due(state, record.untilMs ?? record.times.at(-1)! + quietMs)) continue;
    failures.delete(resource);
    // Whether this node can lead is looked at before: another turn.
    wakeAt(state, state.nowMs);
  }
}

/** An operator mended it: as if nothing had failed. */
export function forgetFailures(state: CoreState, group: GroupState): void {
  group.services.failures.clear();
  group.services.reason = '';
  group.services.retryMs = state.nowMs;
  wakeAt(state, state.nowMs);
}
