/**
 * Owns rule 19: which nodes count is written in the newest term's record, not in anybody's file. A claim copies the
 * set; only who leads changes it, by succeeding itself. So the sets form one chain, whatever the files say.
 */
import type { CoreState, GroupState } from './state.ts';
import { isFresh } from './toolbox.ts';
import type { NodeName, TermReason } from './types.ts';

/**
 * The set of the newest term. Of a term that was only heard of, that of the record before: good enough to judge who
 * is worth asking, never to create a term on. Before any term, what the file says.
 */
export const membersOf = (state: CoreState, group: GroupState): readonly NodeName[] =>
  group.newest?.members ?? state.config.nodes;

export const isMember = (state: CoreState, group: GroupState, node: NodeName): boolean =>
  membersOf(state, group).includes(node);

/** The members but this node. */
export const othersOf = (state: CoreState, members: readonly NodeName[]): NodeName[] =>
  members.filter((node) => node !== state.config.self);

/** '' or why this node claims nothing. */
export const whyOutside = (state: CoreState, group: GroupState): string =>
  isMember(state, group, state.config.self)
    ? ''
    : `the leader has not taken this node in: it does not hear it, or its file does not name it`;

/** The set of the next term, created by this node. */
export function nextMembers(state: CoreState, group: GroupState, reason: TermReason): readonly NodeName[] {
  const now = membersOf(state, group);
  const { self } = state.config;
  // Somebody may have to when all members are gone for good. Nobody else creates a term over a set without itself.
  if (reason === 'forced' && !now.includes(self)) return [...now, self];
  if (reason !== 'defence' && reason !== 'members') return now;
  return [
    ...now.filter((node) => !isBeingForgotten(state, group, node)),
    ...state.config.nodes.filter((node) => isNewcomer(state, group, node)),
  ];
}

/** Whether a leader with authority should succeed itself for the sake of the set. */
export const wantsOtherMembers = (state: CoreState, group: GroupState): boolean =>
  state.config.nodes.some((node) => isNewcomer(state, group, node)) ||
  membersOf(state, group).some((node) => isBeingForgotten(state, group, node));

/** In this node's file, outside, and heard: not in standby, so that what was forgotten there stays forgotten. */
function isNewcomer(state: CoreState, group: GroupState, node: NodeName): boolean {
  if (isMember(state, group, node) || isBeingForgotten(state, group, node)) return false;
  const peer = state.peers.get(node);
  if (peer === undefined || !isFresh(state, group, node)) return false;
  return peer.reports.has(group.config.name) && !peer.drained && !peer.leaving;
}

const isBeingForgotten = (state: CoreState, group: GroupState, node: NodeName): boolean =>
  state.forgets.some((forget) => forget.node === node && forget.groups.includes(group.config.name));
