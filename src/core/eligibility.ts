/** Owns the answer to "could this node, or that one, lead the group this second?" */
import { whyCutOff } from './connectivity.ts';
import { outlasts } from './departure.ts';
import { inMaintenance, whyInMaintenance } from './maintenance.ts';
import { isMember, whyOutside } from './members.ts';
import { whyGivenUp } from './service-failures.ts';
import type { CoreState, GroupState } from './state.ts';
import { isFresh } from './toolbox.ts';
import type { NodeName } from './types.ts';

/** '' when this node could lead the group now; else the reason in words. */
export const whyNotEligible = (state: CoreState, group: GroupState): string =>
  whyUnable(state, group) || whyOutside(state, group);

function whyUnable(state: CoreState, group: GroupState): string {
  if (!group.config.nodes.includes(state.config.self)) return 'the group does not list this node';
  if (state.stopping.kind !== 'no') return 'this node is leaving';
  if (state.drained) return 'this node is in standby (eipkeeper online brings it back)';
  if (group.ineligible !== '') return group.ineligible;
  if (inMaintenance(group)) return whyInMaintenance(group);
  const given = whyGivenUp(group);
  if (given !== '') return given;
  const cutOff = whyCutOff(state);
  if (cutOff !== '') return cutOff;
  if (group.address.failedMs > group.address.okBegunMs)
    return 'EC2 does not tell this node where the address is';
  return '';
}

/** The same, as people should read it: a machine that is about to go leads only what nobody else can. */
export const whyNotChosen = (state: CoreState, group: GroupState): string =>
  whyNotEligible(state, group) || state.departure.why;

/** A force overrides the peers and, in an `address` group, their list; not this node's own brokenness. */
export const whyNotForced = (state: CoreState, group: GroupState): string =>
  group.config.kind === 'address'
    ? whyUnable(state, group) || state.departure.why
    : whyNotChosen(state, group);

export const canLead = (state: CoreState, group: GroupState): boolean => whyNotEligible(state, group) === '';

/** Whether another node could take the group now, by its own word and heard just now. */
export function peerCouldLead(state: CoreState, group: GroupState, node: NodeName): boolean {
  if (!isFresh(state, group, node) || !isMember(state, group, node)) return false;
  const peer = state.peers.get(node)!;
  const report = peer.reports.get(group.config.name);
  const able = report?.eligible === true && report.role === 'standby' && !peer.drained && !peer.leaving;
  return able && outlasts(state, peer);
}

/** Remembers since when each peer has been eligible without a gap: failback waits for a stable one. */
export function trackEligibility(state: CoreState, group: GroupState): void {
  for (const peer of state.peers.values()) {
    const since = group.eligibleSinceMs.get(peer.name);
    if (peerCouldLead(state, group, peer.name)) {
      if (since === undefined) group.eligibleSinceMs.set(peer.name, state.nowMs);
    } else if (since !== undefined) group.eligibleSinceMs.delete(peer.name);
  }
}
