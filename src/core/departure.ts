/**
 * Owns rule 20: a machine that is about to go hands over while it still can. How soon it goes is compared, never
 * taken for an absolute: of two that go, the one that goes later serves, and the last one left always may.
 */
import type { OwnDeparture } from './events.ts';
import type { Departure } from './message.ts';
import type { CoreState, PeerState } from './state.ts';
import { note } from './toolbox.ts';

const ORDER: Readonly<Record<Departure, number>> = { none: 0, advised: 1, imminent: 2 };

export const STAYS: OwnDeparture = { grade: 'none', why: '' };

/** The shell heard of the end of this machine, of another one, or that it was called off. */
export function learnDeparture(state: CoreState, departure: OwnDeparture): void {
  const before = state.departure;
  if (before.grade === departure.grade && before.why === departure.why) return;
  state.departure = departure;
  state.heartbeat.urgent = true;
  if (departure.grade === 'none') return note(state, { type: 'departure-withdrawn', why: before.why });
  note(state, { type: 'departure-announced', grade: departure.grade, why: departure.why });
  forgetFailedHandovers(state);
}

/** What failed when there was no need says nothing of now, when this node has to be rid of what it leads. */
export function forgetFailedHandovers(state: CoreState): void {
  for (const group of state.groups.values()) group.failedHandovers.clear();
}

export const isDeparting = (state: CoreState): boolean => state.departure.grade !== 'none';

/** Whether the machine of a peer lasts long enough to take over what this node wants to be rid of. */
export function outlasts(state: CoreState, peer: PeerState): boolean {
  const theirs = ORDER[peer.departure];
  if (state.stopping.kind !== 'no') return true;
  const mine = state.drained ? ORDER.imminent : ORDER[state.departure.grade];
  return theirs === 0 || theirs < mine;
}

/** Positive: the peer goes sooner than this node; negative: later. */
export const goesSooner = (state: CoreState, peer: PeerState): number =>
  ORDER[peer.departure] - ORDER[state.departure.grade];

/** For sorting: who stays longest comes first. */
export const byStay = (left: PeerState, right: PeerState): number =>
  ORDER[left.departure] - ORDER[right.departure];
