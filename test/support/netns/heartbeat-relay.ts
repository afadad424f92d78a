import { HEARTBEAT_PORT, type PathIndex, VPC_ADDRESSES } from './address-plan.ts';
import { endHelper, helperIsReady, spawnHelper } from './helper-process.ts';
import { ipBatch, nft } from './namespace.ts';
import type { Topology, TopologyNode } from './topology.ts';

/** How bad the way of the heartbeats is. The relay itself adds a fraction of a millisecond. */
export interface HeartbeatWeather {
  /** Both ways unless sender and receiver are named. */
  readonly from?: string;
  readonly to?: string;
  readonly path?: PathIndex;
  readonly delayMs?: number;
  /** Each datagram is up to so much earlier or later, so that they overtake each other. */
  readonly jitterMs?: number;
  readonly lossPercent?: number;
  readonly duplicatePercent?: number;
}

interface Lane {
  readonly from: TopologyNode;
  readonly to: TopologyNode;
  readonly path: number;
  readonly port: number;
}

const FIRST_PORT = 20_000;

/**
 * Delays, reorders, duplicates and loses heartbeats, in a process of its own because not every kernel has netem. One
 * weather at a time. Returns what clears it.
 */
export async function startHeartbeatWeather(
  topology: Topology,
  weather: HeartbeatWeather,
): Promise<() => Promise<void>> {
  const lanes = lanesOf(topology, weather);
  const paths = new Set(lanes.map(({ path }) => path));
  await ipBatch(
    topology.vpc,
    [...paths].map((path) => `addr replace ${VPC_ADDRESSES[path]}/24 dev path${path}`),
  );
  const child = spawnHelper(topology.vpc, 'heartbeat-relay-process.ts', {
    lanes: lanes.map((lane) => ({
      host: VPC_ADDRESSES[lane.path],
      port: lane.port,
      to: lane.to.addresses[lane.path],
      toPort: HEARTBEAT_PORT,
    })),
    weather: {
      delayMs: weather.delayMs ?? 0,
      jitterMs: weather.jitterMs ?? 0,
      lossPercent: weather.lossPercent ?? 0,
      duplicatePercent: weather.duplicatePercent ?? 0,
    },
  });
  await helperIsReady(child);
  await giveSendersBack(topology, lanes);
  for (const node of topology.nodes) await bend(node, lanes);
  return async () => {
    for (const node of topology.nodes) await bend(node, []);
    await endHelper(child);
  };
}

function lanesOf(topology: Topology, { from, to, path }: HeartbeatWeather): Lane[] {
  const pairs = topology.nodes.flatMap((sender) =>
    topology.nodes.filter((receiver) => receiver !== sender).map((receiver) => ({ sender, receiver })),
  );
  return pairs
    .filter(
      ({ sender, receiver }) =>
        (from ?? sender.name) === sender.name && (to ?? receiver.name) === receiver.name,
    )
    .flatMap(({ sender, receiver }) =>
      sender.addresses.map((_, index) => ({ from: sender, to: receiver, path: index })),
    )
    .filter((lane) => (path ?? lane.path) === lane.path)
    .map((lane, index) => ({ ...lane, port: FIRST_PORT + index }));
}

/** Rewrites without connection tracking: two nodes that send to each other would be one connection to it. */
const rewriting = (rules: readonly string[]): string => `
  table ip relay {
    chain out { type route hook output priority raw; }
  }
  flush chain ip relay out
  table ip relay {
    chain out {
      ${rules.join('\n      ')}
    }
  }
`;

function giveSendersBack(topology: Topology, lanes: readonly Lane[]): Promise<string> {
  const rules = lanes.map(
    (lane) =>
      `udp sport ${lane.port} notrack ip saddr set ${lane.from.addresses[lane.path]} udp sport set ${HEARTBEAT_PORT}`,
  );
  return nft(topology.vpc, rewriting(rules));
}

function bend(node: TopologyNode, lanes: readonly Lane[]): Promise<string> {
  const rules = lanes
    .filter(({ from }) => from === node)
    .map(
      (lane) =>
        `ip daddr ${lane.to.addresses[lane.path]} udp dport ${HEARTBEAT_PORT} notrack ` +
        `ip daddr set ${VPC_ADDRESSES[lane.path]} udp dport set ${lane.port}`,
    );
  return nft(node.namespace, rewriting(rules));
}
