import type { Call } from './effects.ts';
import type { Note } from './notes.ts';
import type { CoreState, GroupState, PeerState } from './state.ts';
import {
  CLOUD_READ_TIMEOUT_MS,
  CLOUD_TIMEOUT_MS,
  FIRST_READ_TIMEOUT_MS,
  SERVICES_TIMEOUT_MS,
} from './timing-rules.ts';
import type { Millis, NodeName } from './types.ts';

/** Small things that every part of the core uses. */

/** Asks for a step at `atMs` at the latest. */
export function wakeAt(state: CoreState, atMs: Millis): void {
  if (atMs < state.wakeMs) state.wakeMs = atMs;
}

/** Whether `atMs` has come; if not, asks for a step then. */
export function due(state: CoreState, atMs: Millis): boolean {
  if (state.nowMs >= atMs) return true;
  wakeAt(state, atMs);
  return false;
}

/** A number in [0, 1) from the core's own generator (mulberry32): used for jitter only. */
export function random(state: CoreState): number {
  state.randomState = (state.randomState + 0x6d2b79f5) | 0;
  let t = state.randomState;
  t = Math.imul(t ^ (t >>> 15), t | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
}

/**
 * When to look again, about `everyMs` from now: times that all groups of this node have in common, so that what they
 * ask for goes in one request (the limits on calls are shared with the whole account), and no two nodes.
 */
export function nextLook(state: CoreState, everyMs: number): Millis {
  const soonestMs = state.nowMs + everyMs / 10;
  return state.lookPhaseMs + Math.ceil((soonestMs - state.lookPhaseMs) / everyMs) * everyMs;
}

/** `ms` give or take a fifth. */
export const jittered = (state: CoreState, ms: number): number => ms * (0.8 + 0.4 * random(state));

export function note(state: CoreState, fact: Note): void {
  state.effects.push({ type: 'note', note: fact });
}

export function call(state: CoreState, group: GroupState, wanted: Call): number {
  const id = state.nextCallId++;
  state.calls.set(id, {
    group: group.config.name,
    call: wanted,
    begunMs: state.nowMs,
    begunOwnMs: state.ownMs,
  });
  const deadlineMs = deadlineOf(group, wanted);
  state.effects.push({ ...wanted, id, group: group.config.name, deadlineMs });
  return id;
}

function deadlineOf(group: GroupState, wanted: Call): number {
  switch (wanted.type) {
    case 'create-term':
    case 'read-term':
      return group.config.timings.witnessTimeoutMs;
    case 'read-newest':
      // The first call of a process opens connections and fetches credentials; nothing waits for it yet.
      return group.role.kind === 'starting' ? FIRST_READ_TIMEOUT_MS : group.config.timings.witnessTimeoutMs;
    case 'start-services':
    case 'check-services':
      return SERVICES_TIMEOUT_MS;
    case 'stop-services':
      return group.config.kind === 'exclusive' ? group.config.timings.stopTimeoutMs : SERVICES_TIMEOUT_MS;
    case 'describe-address':
    case 'describe-instance':
      return CLOUD_READ_TIMEOUT_MS;
    case 'delete-terms':
    case 'close-request':
    case 'take-address':
    case 'take-free-address':
    case 'release-address':
      return CLOUD_TIMEOUT_MS;
  }
}

/** The other configured nodes. */
export const peersOf = (state: CoreState): Iterable<PeerState> => state.peers.values();

/** Heard less than warntime ago. */
export function isFresh(state: CoreState, group: GroupState, node: NodeName): boolean {
  const peer = state.peers.get(node);
  return peer !== undefined && state.nowMs - peer.heardMs < group.config.timings.warntimeMs;
}

export const isMine = (state: CoreState, group: GroupState): boolean =>
  group.newest !== null &&
  group.newest.owner === state.config.self &&
  group.newest.incarnation === state.incarnation;
