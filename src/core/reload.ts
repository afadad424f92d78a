/** Owns what a new configuration changes while the node runs; what it cannot the shell has refused by name. */
import { newPeer } from './new-peer.ts';
import type { CoreState, GroupState } from './state.ts';
import type { CoreConfig, GroupTimings, NodeName } from './types.ts';

export function reload(state: CoreState, config: CoreConfig): void {
  state.config = config;
  changePeers(state, config.nodes);
  for (const groupConfig of config.groups) {
    const group = state.groups.get(groupConfig.name);
    if (group === undefined) continue;
    rememberShorterGrants(state, group, groupConfig.timings);
    const { self } = state.config;
    // Who is taken into a group makes sure that nothing of it runs, as at its start.
    if (!group.config.nodes.includes(self) && groupConfig.nodes.includes(self)) group.services.mayRun = true;
    group.config = groupConfig;
    dropStrangers(state, group);
  }
}

/** Whom this node talks to. Who counts is another matter, and in the newest term (rule 19). */
function changePeers(state: CoreState, nodes: readonly NodeName[]): void {
  for (const name of state.peers.keys()) if (!nodes.includes(name)) state.peers.delete(name);
  for (const name of nodes) {
    if (name !== state.config.self && !state.peers.has(name)) state.peers.set(name, newPeer(name));
  }
  state.heartbeat.urgent = true;
}

/** What was asked for a node that is no longer listed. */
function dropStrangers(state: CoreState, group: GroupState): void {
  const { nodes, name } = group.config;
  for (const node of group.eligibleSinceMs.keys())
    if (!nodes.includes(node)) group.eligibleSinceMs.delete(node);
  const { request } = state.afar;
  if (request?.group === name && !nodes.includes(request.target)) state.afar.request = null;
}

function rememberShorterGrants(state: CoreState, group: GroupState, next: GroupTimings): void {
  const { deadtimeMs, stopTimeoutMs } = group.config.timings;
  if (next.deadtimeMs <= deadtimeMs) return;
  // After two reloads in a row the grants of before the first may still count.
  const before = group.shorterGrants;
  const lately = state.ownMs - before.untilOwnMs < deadtimeMs;
  group.shorterGrants = {
    untilOwnMs: state.ownMs,
    deadtimeMs: lately ? Math.min(deadtimeMs, before.deadtimeMs) : deadtimeMs,
    stopTimeoutMs: lately ? Math.min(stopTimeoutMs, before.stopTimeoutMs) : stopTimeoutMs,
  };
}
