import { type DemoCluster, NODE_NAMES, type NodeName } from '../cluster/demo-cluster.ts';
import type { LogLine } from '../cluster/demo-machine.ts';
import type { ClientReport } from '../cluster/steady-client.ts';
import { phases } from '../story/play-story.ts';

export interface NodeFacts {
  readonly name: string;
  readonly isDead: boolean;
  /** null: its daemon does not run. */
  readonly daemonPid: number | null;
  /** '' until the daemon says one. */
  readonly role: string;
  readonly service: string;
  /** The heartbeats from the other node, as this one sees them. */
  readonly link: { readonly state: string; readonly rttMs: number | null } | null;
  readonly lines: readonly LogLine[];
}

/** Everything that the view shows, at one moment. */
export interface DemoFacts {
  readonly profile: string;
  readonly elapsedMs: number;
  readonly publicIp: string;
  /** '' for nobody. */
  readonly holder: string;
  readonly moves: number;
  readonly isCut: boolean;
  readonly leader: string | null;
  readonly term: number;
  readonly nodes: readonly NodeFacts[];
  readonly answeredBy: string | null;
  readonly client: ClientReport;
  /** One entry for each slice of the newest past, the oldest first: who answered, '' nobody, null nothing yet. */
  readonly strip: readonly (string | null)[];
  /** '' before the first. */
  readonly lastChange: string;
}

const SLICE_MS = 250;
const SLICES = 64;

export function demoFacts(cluster: DemoCluster, startedMs: number): DemoFacts {
  const nowMs = performance.now();
  const groups = NODE_NAMES.map((name) => cluster.machine(name).status?.groups[0]);
  const leading = groups.find((group) => group?.role === 'leading');
  const change = leading?.lastChange ?? null;
  return {
    profile: cluster.profile,
    elapsedMs: nowMs - startedMs,
    publicIp: cluster.publicIp,
    holder: cluster.holder,
    moves: cluster.moves,
    isCut: cluster.isCut,
    leader: cluster.leader,
    term: Math.max(0, ...groups.map((group) => group?.term ?? 0)),
    nodes: NODE_NAMES.map((name) => nodeFacts(cluster, name)),
    answeredBy: cluster.client.answeredBy(),
    client: cluster.client.totals,
    strip: strip(cluster, nowMs),
    lastChange: change === null || change.phases === null ? '' : `to ${cluster.leader}, ${phases(change)}`,
  };
}

function nodeFacts(cluster: DemoCluster, name: NodeName): NodeFacts {
  const machine = cluster.machine(name);
  const { status, daemonPid, lines } = machine;
  const group = status?.groups[0];
  const link = status?.nodes.find((node) => !node.self)?.links[0];
  return {
    name,
    isDead: cluster.isDead(name),
    daemonPid,
    role: group?.role ?? '',
    service: group?.resources.find(({ type }) => type === 'exec')?.state ?? '',
    link: link === undefined ? null : { state: link.state, rttMs: link.rttMs },
    lines,
  };
}

/** A slice in which anything failed counts as failed; requests that still wait are shown as nobody's answer. */
function strip(cluster: DemoCluster, nowMs: number): (string | null)[] {
  const slices = new Array<string | null>(SLICES).fill(null);
  // Aligned, so that a slice that was shown does not change for the next frame.
  const endMs = Math.ceil(nowMs / SLICE_MS) * SLICE_MS;
  const fromMs = endMs - SLICES * SLICE_MS;
  for (const { atMs, endedAtMs, by } of cluster.client.since(
    Math.max(fromMs, cluster.client.firstAnswerMs),
  )) {
    const slice = Math.floor((atMs - fromMs) / SLICE_MS);
    if (endedAtMs === null && nowMs - atMs < SLICE_MS) continue;
    if (slices[slice] !== '') slices[slice] = by ?? '';
  }
  return slices;
}
