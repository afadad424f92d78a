/** Owns `forget`: an operator's word that a node is gone for good, carried out by who leads. */
import type { CommandOutcome } from './effects.ts';
import type { Command } from './events.ts';
import { membersOf } from './members.ts';
import type { CoreState, GroupState, PendingForget } from './state.ts';
import { due, isFresh } from './toolbox.ts';

export function forget(state: CoreState, wanted: Extract<Command, { type: 'forget' }>): void {
  const { id, node } = wanted;
  const reason = whyNotForgotten(state, node);
  if (reason !== '') return answer(state, id, { status: 'refused', reason, code: 'unsafe' });
  const groups = led(state)
    .filter((group) => membersOf(state, group).includes(node))
    .map(({ config }) => config.name);
  state.forgets.push({ id, node, groups, untilMs: state.nowMs + wanted.timeoutMs });
}

function whyNotForgotten(state: CoreState, node: string): string {
  const groups = [...state.groups.values()];
  if (node === state.config.self) return `${node} does not forget itself: type it on the node that leads`;
  const known = new Set([...state.config.nodes, ...groups.flatMap((group) => membersOf(state, group))]);
  if (!known.has(node)) return `there is no node ${node}: there are ${[...known].join(', ')}`;
  const leads = groups.find((group) => group.newest?.owner === node);
  if (leads !== undefined) return `${node} is the leader of ${leads.config.name}: move the group first`;
  const peer = state.peers.get(node);
  const heard = groups.some((group) => isFresh(state, group, node));
  if (heard && peer?.drained !== true) {
    return `${node} is heard: stop eipkeeper there, or put it in standby (eipkeeper standby), and type it again`;
  }
  if (led(state).length === 0) {
    const where = groups.map((group) => `${group.newest?.owner ?? 'nobody'} leads ${group.config.name}`);
    return `only a leader can: ${where.join(', ')}`;
  }
  return state.witness.downSinceMs === null
    ? ''
    : 'the witness (SSM) does not answer, so it could not be written down';
}

/** One turn of what was accepted and is not written down yet. */
export function pursueForgets(state: CoreState): void {
  if (state.forgets.length === 0) return;
  state.forgets = state.forgets.filter((pending) => !isOver(state, pending));
}

function isOver(state: CoreState, { id, node, groups, untilMs }: PendingForget): boolean {
  const lost = groups.find((name) => state.groups.get(name)?.role.kind !== 'leading');
  if (lost !== undefined) {
    const reason = `another node leads ${lost} now: type it there`;
    answer(state, id, { status: 'refused', reason, code: 'unsafe' });
    return true;
  }
  if (groups.every((name) => !membersOf(state, state.groups.get(name)!).includes(node))) {
    answer(state, id, { status: 'done', reason: whereItStays(state, node) });
    return true;
  }
  if (!due(state, untilMs)) return false;
  answer(state, id, { status: 'timeout', reason: `the next term could not be written in time` });
  return true;
}

/** Groups that others lead have a set of their own. */
function whereItStays(state: CoreState, node: string): string {
  return [...state.groups.values()]
    .filter((group) => group.role.kind !== 'leading' && membersOf(state, group).includes(node))
    .map((group) => `${group.newest?.owner ?? 'nobody'} leads ${group.config.name}: type it there as well`)
    .join(', ');
}

const led = (state: CoreState): GroupState[] =>
  [...state.groups.values()].filter(({ role }) => role.kind === 'leading');

function answer(state: CoreState, id: string, outcome: CommandOutcome): void {
  state.effects.push({ type: 'answer', id, outcome });
}
