/**
 * Owns rule 21: of two nodes the one that reaches more of the ping nodes serves. Only counts of the same list are
 * compared, and only differences count: a ping node that nobody reaches says nothing of anybody.
 */
import type { Reach } from './message.ts';
import type { CoreState, GroupState, PeerState } from './state.ts';
import { REACH_SETTLED_MS } from './timing-rules.ts';
import { due, isFresh } from './toolbox.ts';

export function learnReach(state: CoreState, reach: Reach | null): void {
  const before = state.reach;
  if (before?.reached === reach?.reached && before?.of === reach?.of) return;
  state.reach = reach;
  state.heartbeat.urgent = true;
}

/** How many more ping nodes a peer reaches than this node; 0 when that cannot be told. */
export function reachesMore(state: CoreState, { reach }: PeerState): number {
  return state.reach === null || reach === null || state.reach.of !== reach.of
    ? 0
    : reach.reached - state.reach.reached;
}

/**
 * '' or why a node must not act on a silence that may be its own: it reaches no ping node, and did not last hear
 * from everybody that they reach none either.
 */
export function whyCutOff(state: CoreState): string {
  const { reach } = state;
  if (reach === null || reach.reached > 0) return '';
  const others = [...state.peers.values()].filter((peer) => peer.reach?.of === reach.of);
  if (others.length > 0 && others.every((peer) => peer.reach?.reached === 0)) return '';
  return `none of its ${reach.of} ping nodes answers it`;
}

/** Remembers since when each peer has reached more without a gap. */
export function trackReach(state: CoreState): void {
  for (const peer of state.peers.values()) {
    const better = peer.up && reachesMore(state, peer) > 0;
    if (!better) peer.reachesMoreSinceMs = null;
    else peer.reachesMoreSinceMs ??= state.nowMs;
  }
}

/** A peer that has reached more for a while, and by now most of all. */
export function betterConnected(
  state: CoreState,
  group: GroupState,
  able: readonly PeerState[],
): PeerState | null {
  const settledMs = Math.max(REACH_SETTLED_MS, 2 * group.config.timings.deadtimeMs);
  let best: PeerState | null = null;
  for (const peer of able) {
    if (peer.reachesMoreSinceMs === null || !isFresh(state, group, peer.name)) continue;
    if (!due(state, peer.reachesMoreSinceMs + settledMs)) continue;
    if (best === null || reachesMore(state, peer) > reachesMore(state, best)) best = peer;
  }
  return best;
}

/** For the operator: "it reaches 1 of 3 ping nodes, aux 3". */
export function whyBetterConnected(state: CoreState, peer: PeerState): string {
  return `this node reaches ${state.reach?.reached} of ${state.reach?.of} ping nodes, ${peer.name} ${peer.reach?.reached}`;
}
