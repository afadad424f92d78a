/**
 * Owns operators' orders that concern several nodes and move nothing: maintenance and cleanup. They spread with
 * the heartbeats; who gave one is told when every node that is heard has taken it in, or which one has not.
 */
import type { Command } from './events.ts';
import { orderMaintenance } from './maintenance.ts';
import type { GroupReport } from './message.ts';
import { forgetFailures } from './service-failures.ts';
import type { CoreState, GroupState, PendingOrder } from './state.ts';
import { due, isFresh, note } from './toolbox.ts';
import type { NodeName } from './types.ts';

export type Order = Extract<Command, { type: 'maintenance' | 'cleanup' }>;

/** Several heartbeats, also of the slowest profile that answers a person in time. */
const SPREAD_MOST_MS = 5_000;

export function order(state: CoreState, wanted: Order): void {
  const groups = [...state.groups.values()].filter(
    ({ config }) => wanted.group === null || config.name === wanted.group,
  );
  const refusal = whyNoOrder(state, wanted, groups);
  if (refusal !== '') {
    state.effects.push({ type: 'answer', id: wanted.id, outcome: { status: 'refused', reason: refusal } });
    return;
  }
  for (const group of groups) carryOut(state, group, wanted);
  const nodes = wanted.type === 'cleanup' && wanted.node !== null ? [wanted.node] : state.config.nodes;
  state.orders.push({
    id: wanted.id,
    maintenance: wanted.type === 'maintenance' ? wanted.on : null,
    groups: groups.map(({ config }) => config.name),
    nodes,
    untilMs: state.nowMs + SPREAD_MOST_MS,
  });
  state.heartbeat.urgent = true;
}

function whyNoOrder(state: CoreState, wanted: Order, groups: readonly GroupState[]): string {
  if (groups.length === 0) return `there is no group ${wanted.group}`;
  if (wanted.type === 'cleanup' && wanted.node !== null && !state.config.nodes.includes(wanted.node)) {
    return `there is no node ${wanted.node}: there are ${state.config.nodes.join(', ')}`;
  }
  return '';
}

function carryOut(state: CoreState, group: GroupState, wanted: Order): void {
  if (wanted.type === 'maintenance') return orderMaintenance(state, group, wanted.on, wanted.by);
  group.cleanup = { id: wanted.id, node: wanted.node ?? '' };
  takeCleanup(state, group, group.cleanup, wanted.by);
}

/** Somebody else's order, heard again and again while it spreads: carried out once. */
export function hearCleanup(state: CoreState, group: GroupState, { cleanup }: GroupReport): void {
  if (cleanup !== null && cleanup.id !== group.cleanedUp) takeCleanup(state, group, cleanup, '');
}

function takeCleanup(
  state: CoreState,
  group: GroupState,
  { id, node }: NonNullable<GroupReport['cleanup']>,
  by: string,
): void {
  group.cleanedUp = id;
  state.heartbeat.urgent = true;
  if (node !== '' && node !== state.config.self) return;
  const resources = group.services.failures.size;
  forgetFailures(state, group);
  note(state, { type: 'cleaned-up', group: group.config.name, resources, by });
}

/** One turn of everything that was ordered here and has not spread yet. */
export function pursueOrders(state: CoreState): void {
  if (state.orders.length === 0) return;
  const spread = new Set<PendingOrder>();
  for (const pending of state.orders) if (isOver(state, pending)) spread.add(pending);
  if (spread.size === 0) return;
  state.orders = state.orders.filter((pending) => !spread.has(pending));
  for (const group of state.groups.values()) {
    if (!state.orders.some(({ id }) => id === group.cleanup?.id)) group.cleanup = null;
  }
}

function isOver(state: CoreState, pending: PendingOrder): boolean {
  if (wasOverruled(state, pending)) {
    const reason =
      'another node has a later word of an operator: look at "eipkeeper status" and type it again';
    state.effects.push({ type: 'answer', id: pending.id, outcome: { status: 'refused', reason } });
    return true;
  }
  const unheard: NodeName[] = [];
  const waiting: NodeName[] = [];
  for (const node of pending.nodes) {
    if (node === state.config.self) continue;
    if (!state.peers.get(node)?.up) unheard.push(node);
    else if (!hasTakenIn(state, pending, node)) waiting.push(node);
  }
  if (waiting.length > 0 && !due(state, pending.untilMs)) return false;
  const status = waiting.length > 0 ? 'timeout' : 'done';
  const reason = [
    ...(waiting.length === 0 ? [] : [`${waiting.join(' and ')} did not answer in time`]),
    ...(unheard.length === 0 ? [] : [`${unheard.join(' and ')} cannot be heard`]),
  ];
  const later = reason.length === 0 ? '' : whatComesOfIt(pending);
  state.effects.push({
    type: 'answer',
    id: pending.id,
    outcome: { status, reason: `${reason.join(', ')}${later}` },
  });
  return true;
}

const whatComesOfIt = ({ maintenance }: PendingOrder): string => {
  if (maintenance === null) return '; nothing was cleaned up there';
  return maintenance
    ? ' and will know it once heard again; until then it may still take over'
    : ' and will know it once heard again';
};

const wasOverruled = (state: CoreState, { maintenance, groups }: PendingOrder): boolean =>
  maintenance !== null && groups.some((name) => state.groups.get(name)?.maintenance.on !== maintenance);

function hasTakenIn(state: CoreState, pending: PendingOrder, node: NodeName): boolean {
  const { reports } = state.peers.get(node)!;
  return pending.groups.every((name) => {
    const group = state.groups.get(name)!;
    const report = reports.get(name);
    if (report === undefined || !isFresh(state, group, node)) return false;
    if (pending.maintenance === null) return report.cleanedUp === pending.id;
    const { on, stamp } = report.maintenance;
    return on === pending.maintenance && stamp >= group.maintenance.stamp;
  });
}
