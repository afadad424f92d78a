/**
 * Owns where a group belongs: an operator's request, a node that drains or leaves, a service that does not
 * start, an address that does not come, and failback, in this order. Every one of them is a handover (rule 10).
 */
import { isHere } from './address.ts';
import { isHolder } from './address-state.ts';
import { askedFromAfar, refuseForceInPartition } from './afar.ts';
import { betterConnected, reachesMore, whyBetterConnected } from './connectivity.ts';
import { heldDownUntilMs } from './damping.ts';
import { byStay, isDeparting } from './departure.ts';
import { peerCouldLead } from './eligibility.ts';
import { beginHandover, type HandoverWish, isWorthTrying, whyNoHandover } from './handover.ts';
import type { MoveRequest } from './message.ts';
import { hasFailedTooOften } from './service-failures.ts';
import type { CoreState, GroupState, Leading, PeerState } from './state.ts';
import { ADDRESS_GIVE_UP_MS } from './timing-rules.ts';
import { due, isFresh } from './toolbox.ts';
import type { NodeName } from './types.ts';

export function place(state: CoreState, group: GroupState, role: Leading): void {
  refuseForceInPartition(state, group);
  answerRequest(state, group, role);
  if (role.handover !== null) return;
  const wish = wishFor(state, group, role);
  if (wish === null || !isWorthTrying(state, group, wish.target)) return;
  if (whyNoHandover(state, group, wish.target) !== '') return;
  beginHandover(state, group, role, { ...wish, by: '', requestId: '', afar: false });
}

/** A switchover that somebody asked for, here or on another node: begun or refused, never forgotten. */
function answerRequest(state: CoreState, group: GroupState, role: Leading): void {
  for (const request of requestsHeard(state, group)) {
    if (request.kind !== 'switchover' || group.answer?.id === request.id) continue;
    if (request.id === role.handover?.requestId || request.target === state.config.self) continue;
    const code = role.handover === null ? 'unsafe' : 'busy';
    // It is not asked again by somebody who hears no: it waits.
    if (request.afar && code === 'busy') continue;
    const refusal = whyNoHandover(state, group, request.target);
    group.answer = { id: request.id, refusal, code };
    if (refusal !== '') continue;
    beginHandover(state, group, role, {
      target: request.target,
      why: 'an operator asked for it',
      by: request.by,
      requestId: request.id,
      afar: request.afar,
      optional: false,
    });
  }
}

function requestsHeard(state: CoreState, group: GroupState): MoveRequest[] {
  const heard: MoveRequest[] = [];
  if (group.request !== null) heard.push(group.request.request);
  const asked = askedFromAfar(state, group);
  if (asked !== null) heard.push(asked);
  for (const peer of state.peers.values()) {
    const report = peer.reports.get(group.config.name);
    // A leading node's own "request" only names the handover that it carries out; a silent one's is of long ago.
    if (report?.request && report.role === 'standby' && isFresh(state, group, peer.name))
      heard.push(report.request);
  }
  return heard;
}

function wishFor(
  state: CoreState,
  group: GroupState,
  role: Leading,
): Pick<HandoverWish, 'target' | 'why' | 'optional'> | null {
  const able = ableToLead(state, group).filter(({ name }) => isWorthTrying(state, group, name));
  if (state.stopping.kind === 'leaving' && able.length > 0)
    return { target: longestToStay(state, able), why: 'this node is leaving', optional: false };
  if (state.drained && able.length > 0)
    return { target: longestToStay(state, able), why: 'this node is in standby', optional: false };
  if (isDeparting(state) && able.length > 0)
    return { target: longestToStay(state, able), why: state.departure.why, optional: true };
  const back = predecessorToReturnTo(state, group, role);
  // To where the address has stayed nothing moves in EC2, and only there the service is of use.
  if (back !== null && isHolder(group.address.holder, back)) {
    return { target: back, why: 'the address has stayed there', optional: false };
  }
  if (!due(state, heldDownUntilMs(group))) return null;
  if (back !== null) return { target: back, why: 'the address did not come here in time', optional: true };
  if (hasFailedTooOften(group) && able.length > 0) {
    const why = `its services do not run here: ${group.services.reason}`;
    return { target: longestToStay(state, able), why, optional: true };
  }
  const better = betterConnected(state, group, able);
  if (better !== null) {
    return { target: better.name, why: whyBetterConnected(state, better), optional: true };
  }
  const preferred = preferredNode(state, group);
  return preferred === null
    ? null
    : { target: preferred, why: `${preferred} is preferred and back`, optional: true };
}

/** Of nodes in order of preference, of which there is at least one. */
function longestToStay(state: CoreState, able: readonly PeerState[]): NodeName {
  const byReach = (left: PeerState, right: PeerState) => reachesMore(state, right) - reachesMore(state, left);
  return able.toSorted((left, right) => byStay(left, right) || byReach(left, right))[0]!.name;
}

/** In order of preference. Who is able was found out at the beginning of this turn. */
function ableToLead(state: CoreState, group: GroupState): PeerState[] {
  const able: PeerState[] = [];
  for (const node of group.config.nodes) {
    const peer = state.peers.get(node);
    if (peer !== undefined && group.eligibleSinceMs.has(node)) able.push(peer);
  }
  return able;
}

function predecessorToReturnTo(state: CoreState, group: GroupState, role: Leading): NodeName | null {
  const { predecessor } = role;
  // An address that has come once and was taken away is restored, not followed.
  if (group.phases === null || isHere(state, group)) return null;
  if (predecessor === null || predecessor === state.config.self) return null;
  if (!due(state, role.sinceMs + ADDRESS_GIVE_UP_MS)) return null;
  return peerCouldLead(state, group, predecessor) ? predecessor : null;
}

/**
 * The first before this one in the order of preference that is able to lead, once it has been so for long enough. Who
 * comes after it does not get the group meanwhile: it would have to give it away again.
 */
function preferredNode(state: CoreState, group: GroupState): NodeName | null {
  const { failback, nodes } = group.config;
  // What an operator asked for stays until something breaks or he asks for something else.
  if (failback.mode === 'manual' || group.newest?.requestId !== '') return null;
  if (!isHere(state, group)) return null;
  for (const node of nodes) {
    if (node === state.config.self) return null;
    const peer = state.peers.get(node);
    if (peer !== undefined && reachesMore(state, peer) < 0) continue;
    const since = group.eligibleSinceMs.get(node);
    if (since !== undefined) return due(state, since + failback.afterMs) ? node : null;
  }
  return null;
}
