/**
 * Owns maintenance: a group in it is watched and reported, and nothing of it is touched. The setting is a
 * register that every node holds and every report carries; the higher stamp wins, and at the same stamp "on".
 */
import { isYielding } from './authority.ts';
import type { CoreState, GroupState } from './state.ts';
import { due, note, wakeAt } from './toolbox.ts';

/** `stamp` rises with every change that an operator makes; 0: nobody ever made one. */
export interface Maintenance {
  readonly on: boolean;
  readonly stamp: number;
}

export const NO_MAINTENANCE: Maintenance = { on: false, stamp: 0 };
/** Far above what operators type in a lifetime, and a whole number on the wire and in JSON. */
export const STAMP_MOST = 2 ** 31;

export const inMaintenance = (group: GroupState): boolean => group.maintenance.on;

/** An operator's word on this node. */
export function orderMaintenance(state: CoreState, group: GroupState, on: boolean, by: string): void {
  // Also when it is so already: a node that does not know it yet learns the newer stamp.
  take(state, group, { on, stamp: Math.min(group.maintenance.stamp + 1, STAMP_MOST) }, by);
}

/** What another node says of it. */
export function hearMaintenance(state: CoreState, group: GroupState, heard: Maintenance): void {
  const { stamp, on } = group.maintenance;
  if (heard.stamp < stamp || (heard.stamp === stamp && (on || !heard.on))) return;
  take(state, group, heard, '');
}

function take(state: CoreState, group: GroupState, next: Maintenance, by: string): void {
  const changed = next.on !== group.maintenance.on;
  group.maintenance = { on: next.on, stamp: next.stamp };
  state.persistDirty = true;
  state.heartbeat.urgent = true;
  if (!changed) return;
  note(state, { type: 'maintenance', group: group.config.name, on: next.on, by });
  if (next.on) dropMoves(group);
  else lookAfresh(state, group);
}

/** What was about to move does not. A yield that is out is taken back by the leader, with the next term. */
function dropMoves(group: GroupState): void {
  const { role } = group;
  group.prepared = null;
  group.waiver = null;
  group.force = null;
  if (role.kind !== 'leading' || role.handover === null || isYielding(group, role)) return;
  if (role.handover.requestId !== '') {
    const refusal = whyInMaintenance(group);
    group.answer = { id: role.handover.requestId, refusal, code: 'unsafe' };
  }
  role.handover = null;
}

/** Operators had their hands on it: everything is looked at again before anything is done. */
function lookAfresh(state: CoreState, group: GroupState): void {
  const { services, address } = group;
  group.said.leaderless = false;
  address.nextLookMs = state.nowMs;
  if (services.callId === null) services.status = 'unknown';
  services.retryMs = state.nowMs;
  wakeAt(state, state.nowMs);
}

export const whyInMaintenance = (group: GroupState): string =>
  `${group.config.name} is in maintenance (eipkeeper maintenance off ${group.config.name} ends it)`;

/** A leader that falls silent meanwhile is not relieved; that is said, once for each silence. */
export function sayWhenLeaderless(state: CoreState, group: GroupState): void {
  const silent =
    inMaintenance(group) &&
    group.role.kind === 'standby' &&
    due(state, group.leaderHeardMs + group.config.timings.deadtimeMs);
  if (silent === group.said.leaderless) return;
  group.said.leaderless = silent;
  if (!silent) return;
  const silentMs = state.nowMs - group.leaderHeardMs;
  note(state, {
    type: 'left-leaderless',
    group: group.config.name,
    owner: group.newest?.owner ?? '',
    silentMs,
  });
}
