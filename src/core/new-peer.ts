import type { PeerState } from './state.ts';
import type { NodeName } from './types.ts';

/** A node of which nothing was heard yet. */
export function newPeer(name: NodeName): PeerState {
  return {
    name,
    incarnation: null,
    heardMs: Number.NEGATIVE_INFINITY,
    sentMs: Number.NEGATIVE_INFINITY,
    up: false,
    drained: false,
    leaving: false,
    departure: 'none',
    reach: null,
    reachesMoreSinceMs: null,
    heardBeat: 0,
    answeredBeat: 0,
    reports: new Map(),
  };
}
