import {
  type GroupStatus,
  type NodeStatus,
  recentRttMs,
  type StatusSnapshot,
} from '../../control/status-snapshot.ts';
import type { TransportCounters } from '../../wire/transport.ts';
import type { EventCounters } from './event-counters.ts';
import { Exposition } from './exposition.ts';
import type { Histogram } from './histogram.ts';

export interface MetricsSources {
  readonly snapshot: StatusSnapshot;
  readonly transport: TransportCounters;
  readonly events: EventCounters;
  readonly lateness: Histogram;
  readonly droppedDatagrams: number;
  readonly process: {
    readonly startedAtMs: number;
    readonly residentBytes: number;
    /** User and system together. */
    readonly cpuMicros: number;
  };
  readonly http: { readonly connections: number; readonly requests: number; readonly turnedAway: number };
}

/** What `/metrics` answers. Gauges are read from the status at this moment, so they cannot go their own way. */
export function metricsText(sources: MetricsSources): string {
  const { snapshot, events, http } = sources;
  const exposition = new Exposition();
  addProcess(exposition, sources);
  for (const group of snapshot.groups) addGroup(exposition, group);
  for (const node of snapshot.nodes) addNode(exposition, node);
  exposition.add('witnessUp', snapshot.witness.state !== 'down');
  addTransport(exposition, sources.transport);
  events.writeTo(
    exposition,
    snapshot.groups.map(({ name }) => name),
  );
  exposition.add('httpConnections', http.connections);
  exposition.add('httpRequests', http.requests);
  exposition.add('httpTurnedAway', http.turnedAway);
  return exposition.text();
}

function addProcess(exposition: Exposition, sources: MetricsSources): void {
  const { snapshot, process, lateness, droppedDatagrams } = sources;
  exposition.add('info', 1, snapshot.daemonVersion, snapshot.cluster, snapshot.node);
  exposition.add('startTime', process.startedAtMs / 1_000);
  exposition.add('residentMemory', process.residentBytes);
  exposition.add('cpu', process.cpuMicros / 1_000_000);
  exposition.addHistogram('lateness', lateness);
  exposition.add('queueDropped', droppedDatagrams);
}

const LEADS: readonly GroupStatus['role'][] = ['leading', 'yielding', 'acting'];
/** How the status says "without end". */
const ENDLESS_MS = Number.MAX_SAFE_INTEGER;

function addGroup(exposition: Exposition, group: GroupStatus): void {
  const { name, authority, address } = group;
  exposition.add('leader', LEADS.includes(group.role), name);
  exposition.add('authority', authority.held && LEADS.includes(group.role), name);
  const leftS = authority.forMs === ENDLESS_MS ? Number.POSITIVE_INFINITY : authority.forMs / 1_000;
  exposition.add('authorityLeft', leftS, name);
  exposition.add('leaderKnown', group.leader !== null, name);
  exposition.add('term', group.term, name);
  exposition.add('lastChange', group.lastChange === null ? 0 : Date.parse(group.lastChange.at) / 1_000, name);
  exposition.add('takeoversLastHour', group.takeovers.lastHour, name);
  exposition.add('maintenance', group.maintenance, name);
  for (const { node, eligible, serving } of group.candidates) {
    exposition.add('eligible', eligible, name, node);
    exposition.add('serving', serving, name, node);
  }
  exposition.add('addressHere', address.here, name);
  exposition.add('addressWrong', address.complaint !== '', name);
  if (address.readMsAgo !== null) exposition.add('addressAge', address.readMsAgo / 1_000, name);
  addResources(exposition, group);
}

/** Two of one name count as one: a series that is there twice would make the whole answer invalid. */
function addResources(exposition: Exposition, { name, resources, failures }: GroupStatus): void {
  const byName = Map.groupBy(resources, ({ name: resource, type }) => JSON.stringify([resource, type]));
  for (const [key, same] of byName) {
    const labels = JSON.parse(key) as string[];
    exposition.add(
      'resourceStarted',
      same.every(({ state }) => state === 'started'),
      name,
      ...labels,
    );
    exposition.add(
      'resourceFailed',
      same.some(({ state }) => state === 'failed'),
      name,
      ...labels,
    );
  }
  for (const [resource, same] of Map.groupBy(failures, (failure) => failure.resource)) {
    const count = same.reduce((sum, failure) => sum + failure.count, 0);
    exposition.add('resourceFailures', count, name, resource);
  }
}

function addNode(exposition: Exposition, { name, state, links }: NodeStatus): void {
  exposition.add('nodeUp', state !== 'offline', name);
  exposition.add('nodeStandby', state === 'standby', name);
  for (const link of links) {
    exposition.add('linkUp', link.state === 'up', name, link.path);
    const rttMs = recentRttMs(link);
    if (rttMs !== null) exposition.add('linkRtt', rttMs / 1_000, name, link.path);
    exposition.add('sent', link.sent, name, link.path);
    exposition.add('received', link.received, name, link.path);
    exposition.add('lost', link.lost, name, link.path);
  }
}

function addTransport(exposition: Exposition, { dropped, sendFailures }: TransportCounters): void {
  for (const [reason, count] of Object.entries(dropped)) exposition.add('rejected', count, reason);
  for (const [code, count] of Object.entries(sendFailures)) exposition.add('sendFailures', count, code);
}
