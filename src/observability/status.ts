import type { GroupStatus, NodeStatus, ResourceStatus, StatusSnapshot } from '../control/status-snapshot.ts';
import type { CoreSnapshot, GroupSnapshot, PeerSnapshot } from '../core/snapshot.ts';
import type { AddressHolder, GroupName, NodeName } from '../core/types.ts';
import { fingerprint, type KeyStatus } from '../wire/key-agreement.ts';
import type { RecentFacts } from './recent-facts.ts';

/** One path to one peer, as the transport knows it. */
export interface LinkView {
  readonly peer: NodeName;
  readonly path: number;
  readonly address: string;
  readonly rttMs: number | null;
  readonly rttMsAgo: number | null;
  readonly lastHeardMsAgo: number | null;
  /** Why what comes from there is not believed; '' otherwise. */
  readonly problem: string;
  readonly sent: number;
  readonly received: number;
  readonly lost: number;
}

/** What the shell knows of a group and the core does not. */
export interface GroupFacts {
  /** In the order of preference. */
  readonly nodes: readonly NodeName[];
  /** null: not looked up yet. */
  readonly publicIp: string | null;
  /** Each address of the group; `here`: by the last reading, null when there was none. */
  readonly addresses: readonly {
    readonly name: string;
    readonly type: string;
    readonly here: boolean | null;
  }[];
  /** In the order of their start, the address apart. */
  readonly resources: readonly ResourceStatus[];
}

export interface StatusSources {
  readonly daemonVersion: string;
  readonly cluster: string;
  readonly now: Date;
  readonly core: CoreSnapshot;
  readonly links: readonly LinkView[];
  /** A link silent for longer than this is dead. */
  readonly deadtimeMs: number;
  readonly keys: KeyStatus;
  readonly facts: RecentFacts;
  readonly registrations: StatusSnapshot['registrations'];
  readonly groups: ReadonlyMap<GroupName, GroupFacts>;
}

/** The view of this node, as `eipkeeper status` shows it. */
export function statusSnapshot(sources: StatusSources): StatusSnapshot {
  const { core, facts } = sources;
  return {
    version: 1,
    daemonVersion: sources.daemonVersion,
    cluster: sources.cluster,
    node: core.self,
    time: sources.now.toISOString(),
    witness: { ...facts.witness },
    keys: keysStatus(sources.keys),
    nodes: core.nodes.flatMap((name) => {
      if (name === core.self) return [selfStatus(core)];
      return core.peers.filter((peer) => peer.name === name).map((peer) => peerStatus(peer, sources));
    }),
    registrations: sources.registrations,
    groups: core.groups.map((group) => groupStatus(group, sources)),
  };
}

function keysStatus({ signing, other, unknownSeen, peers }: KeyStatus): StatusSnapshot['keys'] {
  return {
    signing: fingerprint(signing),
    other: other === null ? null : fingerprint(other),
    unknownSeen,
    peers: peers.map((peer) => ({
      node: peer.peer,
      signing: peer.signing === null ? null : fingerprint(peer.signing),
      acceptsOther: peer.acceptsOther,
    })),
  };
}

function selfStatus(core: CoreSnapshot): NodeStatus {
  const starting = core.groups.length > 0 && core.groups.every((group) => group.role === 'starting');
  const state = core.drained ? 'standby' : starting ? 'starting' : 'online';
  return { name: core.self, state, self: true, links: [] };
}

function peerStatus(peer: PeerSnapshot, { links, deadtimeMs }: StatusSources): NodeStatus {
  return {
    name: peer.name,
    state: peerState(peer),
    self: false,
    links: links
      .filter((link) => link.peer === peer.name)
      .map(({ path, address, rttMs, rttMsAgo, lastHeardMsAgo, problem, sent, received, lost }) => ({
        path,
        address,
        state: linkState(lastHeardMsAgo, deadtimeMs),
        rttMs,
        rttMsAgo,
        lastHeardMsAgo,
        problem,
        sent,
        received,
        lost,
      })),
  };
}

function peerState(peer: PeerSnapshot): NodeStatus['state'] {
  if (!peer.up) return 'offline';
  if (peer.leaving) return 'leaving';
  if (peer.drained) return 'standby';
  const starting = peer.groups.length > 0 && peer.groups.every(({ role }) => role === 'starting');
  return starting ? 'starting' : 'online';
}

function linkState(heardMsAgo: number | null, deadtimeMs: number): 'up' | 'dead' | 'never' {
  if (heardMsAgo === null) return 'never';
  return heardMsAgo > deadtimeMs ? 'dead' : 'up';
}

function groupStatus(group: GroupSnapshot, sources: StatusSources): GroupStatus {
  const facts = sources.groups.get(group.name);
  const publicIp = facts?.publicIp ?? null;
  return {
    name: group.name,
    kind: group.kind,
    leader: group.owner === '' ? null : group.owner,
    term: group.term,
    leaderDeadtimeMs: leaderDeadtimeMs(group, sources.core),
    role: group.role,
    authority: { ...group.authority, forMs: finite(group.authority.forMs) },
    address: {
      publicIp,
      holder: holderName(group.address.holder),
      here: group.address.here,
      readMsAgo: group.address.readMsAgo,
      complaint: group.address.complaint,
    },
    resources: [...(facts?.resources ?? []), ...addressStatuses(group, facts)],
    candidates: (facts?.nodes ?? []).map((node) => candidate(node, group, sources.core)),
    handover: group.handover,
    maintenance: group.maintenance,
    failures: failuresOf(group, facts?.resources ?? [], sources.now),
    request: group.request,
    takeovers: group.takeovers,
    lastChange: sources.facts.lastChange(group.name),
    failedActions: [...sources.facts.failedActions(group.name)],
  };
}

function leaderDeadtimeMs({ name, owner }: GroupSnapshot, { peers }: CoreSnapshot): number | null {
  const leader = peers.find((peer) => peer.name === owner && peer.up);
  return leader?.groups.find(({ group }) => group === name)?.deadtimeMs || null;
}

function failuresOf(
  group: GroupSnapshot,
  resources: readonly ResourceStatus[],
  now: Date,
): GroupStatus['failures'] {
  return group.failures.map(({ resource, count, reason, ineligibleForMs }) => ({
    resource: resources[resource]?.name ?? '',
    count,
    reason,
    ineligible: ineligibleForMs !== null,
    until: ineligibleForMs === null ? null : new Date(now.getTime() + ineligibleForMs).toISOString(),
  }));
}

/** A node without peers has authority without end, which JSON cannot say. */
const finite = (value: number): number => (Number.isFinite(value) ? value : Number.MAX_SAFE_INTEGER);

function holderName(holder: AddressHolder | null): string | null {
  switch (holder?.kind) {
    case undefined:
      return null;
    case 'free':
      return 'free';
    case 'node':
      return holder.node;
    case 'foreign':
      return holder.networkInterfaceId;
  }
}

/** One that the core believes to be here is here: a reading of each may be older. */
function addressStatuses({ address }: GroupSnapshot, facts: GroupFacts | undefined): ResourceStatus[] {
  return (facts?.addresses ?? []).map(({ name, type, here }) => {
    const base = { name, type, reason: address.complaint, monitor: '' };
    if (address.here || (here === true && address.holder !== null)) return { ...base, state: 'started' };
    if (address.moving) return { ...base, state: 'starting' };
    if (address.holder === null) return { ...base, state: 'unknown' };
    return { ...base, state: 'stopped' };
  });
}

function candidate(
  node: NodeName,
  group: GroupSnapshot,
  core: CoreSnapshot,
): GroupStatus['candidates'][number] {
  const reason = node === core.self ? group.ineligible : whyPeerIsNot(node, group.name, core);
  return { node, eligible: reason === '', reason, ...partIn(group, node, core) };
}

/** What a node is in a group now: of this node what is so, of another what it said last while it is heard. */
function partIn(
  group: GroupSnapshot,
  node: NodeName,
  core: CoreSnapshot,
): Pick<GroupStatus['candidates'][number], 'role' | 'serving' | 'hasAddress'> {
  if (node === core.self) {
    const serving = group.services.status === 'running';
    return { role: group.role, serving, hasAddress: group.address.here };
  }
  const peer = core.peers.find(({ name }) => name === node);
  const report = peer?.up ? peer.groups.find((said) => said.group === group.name) : undefined;
  if (report === undefined) return { role: null, serving: false, hasAddress: false };
  const { role, serving, hasAddress } = report;
  return { role, serving, hasAddress };
}

function whyPeerIsNot(node: NodeName, group: GroupName, core: CoreSnapshot): string {
  const peer = core.peers.find(({ name }) => name === node);
  if (peer === undefined || !peer.up) return 'it is not heard';
  if (peer.drained) return 'it is in standby (eipkeeper online ends that)';
  if (peer.leaving) return 'it is leaving';
  if (peer.departure !== 'none')
    return 'EC2 is about to take its machine: "eipkeeper status" there tells when';
  const report = peer.groups.find((candidateReport) => candidateReport.group === group);
  if (report === undefined) return 'it has not said anything about this group yet';
  if (report.eligible) return '';
  return report.whyNot === 'it is starting' ? report.whyNot : `it says: ${report.whyNot}`;
}
