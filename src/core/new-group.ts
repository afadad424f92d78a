import type { Instant } from './events.ts';
import type { Maintenance } from './maintenance.ts';
import type { GroupState } from './state.ts';
import type { GroupConfig, NodeName, Term } from './types.ts';

/** A group of which nothing is known yet but what the state file says: no term at or below `floor` is created. */
export function newGroup(
  config: GroupConfig,
  self: NodeName,
  at: Instant,
  floor: Term,
  triedBefore: Term,
  maintenance: Maintenance,
): GroupState {
  const never = Number.NEGATIVE_INFINITY;
  const now = at.nowMs;
  const { deadtimeMs, stopTimeoutMs } = config.timings;
  return {
    config,
    role: { kind: 'starting' },
    newest: null,
    floor,
    triedBefore,
    promiseUntilMs: never,
    // As if the leader had been heard just now: a promise of an earlier incarnation is kept.
    leaderHeardMs: now,
    holdUntilMs: never,
    restart: null,
    prepared: null,
    waiver: null,
    force: null,
    steppedDownMs: now,
    read: {
      callId: null,
      okBegunMs: never,
      okBegunOwnMs: never,
      failedMs: never,
      retryMs: never,
      nextLookMs: now,
    },
    create: null,
    defence: { lastMs: never, leaseMs: config.timings.leaseMs },
    shorterGrants: { untilOwnMs: never, deadtimeMs, stopTimeoutMs },
    address: {
      holder: null,
      associationId: '',
      partlyHere: false,
      begunMs: never,
      okBegunMs: never,
      failedMs: never,
      readingId: null,
      move: null,
      doubtUntilMs: never,
      own: null,
      superseded: [],
      retryMs: never,
      moveFailures: 0,
      nextLookMs: now,
      foreignRestoredMs: never,
      complaint: '',
    },
    conditions: new Map(),
    services: {
      status: 'unknown',
      callId: null,
      // What an earlier incarnation left; on a node that is not listed it is another's.
      mayRun: config.nodes.includes(self),
      startedMs: never,
      checkedMs: never,
      failures: new Map(),
      retryMs: never,
      reason: '',
    },
    phases: null,
    ineligible: '',
    eligibleSinceMs: new Map(),
    request: null,
    answer: null,
    forcedId: '',
    handoverCount: 0,
    damping: { moves: 0, lastMs: never },
    takeovers: [],
    takeoverDelaySaidMs: never,
    carriedOut: [],
    failedHandovers: new Map(),
    history: [],
    maintenance,
    cleanup: null,
    cleanedUp: '',
    said: { authority: false, eligible: true, leaderless: false },
  };
}
