import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CLIENT_ADDRESS,
  METADATA_ADDRESS,
  type NodePlan,
  planNode,
  ROUTER_ADDRESS,
  ROUTER_MAC,
  ROUTER_PORT,
  ROUTER_PUBLIC_SIDE,
} from './address-plan.ts';
import { command } from './command.ts';
import { createNamespace, ipBatch } from './namespace.ts';
import { removeOrphans, removeRecorded, writeRunRecord } from './run-record.ts';

export interface TopologyOptions {
  readonly nodes: readonly string[];
  /** How many heartbeat paths each node has; 1 unless told. */
  readonly paths?: 1 | 2;
}

export interface TopologyNode extends NodePlan {
  readonly namespace: string;
}

/**
 * A small VPC: a namespace per node, one with a bridge per path between them, a router with the public side, and a
 * client out there. `close` removes all of it, and may be called more than once.
 */
export interface Topology {
  readonly id: string;
  /** For sockets, logs and state of this run; removed by `close`. */
  readonly directory: string;
  readonly nodes: readonly TopologyNode[];
  readonly vpc: string;
  readonly router: string;
  readonly client: string;
  close(): Promise<void>;
}

export async function createTopology(options: TopologyOptions): Promise<Topology> {
  await removeOrphans();
  const id = `eipk-${randomBytes(3).toString('hex')}`;
  const nodes = options.nodes.map((name, index) => ({
    ...planNode(name, index, options.paths ?? 1),
    namespace: `${id}-${name}`,
  }));
  const topology: Topology = {
    id,
    directory: join(tmpdir(), id),
    nodes,
    vpc: `${id}-vpc`,
    router: `${id}-router`,
    client: `${id}-client`,
    close: () => removeRecorded(id),
  };
  const namespaces = [topology.vpc, topology.router, topology.client, ...nodes.map((node) => node.namespace)];
  await writeRunRecord(id, { namespaces, directory: topology.directory });
  try {
    await mkdir(topology.directory, { recursive: true });
    await createVpc(topology, options.paths ?? 1);
    await createRouterAndClient(topology);
    for (const node of nodes) await createNode(topology, node);
  } catch (error) {
    await topology.close();
    throw error;
  }
  return topology;
}

async function createVpc({ vpc }: Topology, paths: number): Promise<void> {
  await createNamespace(vpc);
  const bridges = Array.from({ length: paths }, (_, path) => `path${path}`);
  await ipBatch(
    vpc,
    bridges.flatMap((name) => [
      `link add ${name} type bridge forward_delay 0 mcast_snooping 0`,
      `link set ${name} up`,
    ]),
  );
}

/** A cable from a bridge of the VPC to `device` in another namespace. */
async function plug(
  vpc: string,
  cable: { port: string; path: number; namespace: string; device: string; mac: string; address: string },
): Promise<void> {
  await ipBatch(vpc, [
    `link add ${cable.port} type veth peer name ${cable.device} netns ${cable.namespace} address ${cable.mac}`,
    `link set ${cable.port} master path${cable.path} up`,
  ]);
  await ipBatch(cable.namespace, [
    `addr add ${cable.address}/24 dev ${cable.device}`,
    `link set ${cable.device} up`,
  ]);
}

async function createNode(topology: Topology, node: TopologyNode): Promise<void> {
  await createNamespace(node.namespace, { 'net/ipv4/conf/all/rp_filter': '0' });
  for (const [path, port] of node.ports.entries()) {
    await plug(topology.vpc, {
      port,
      path,
      namespace: node.namespace,
      device: `eth${path}`,
      mac: node.macs[path]!,
      address: node.addresses[path]!,
    });
  }
  // The VPC answers ARP for an instance that is cut off, so packets to it vanish: nobody is told "unreachable".
  const neighbours = topology.nodes
    .filter((other) => other !== node)
    .flatMap((other) =>
      other.addresses.map(
        (address, path) => `neigh replace ${address} lladdr ${other.macs[path]} dev eth${path} nud permanent`,
      ),
    );
  await ipBatch(node.namespace, [
    `route add default via ${ROUTER_ADDRESS}`,
    `neigh replace ${ROUTER_ADDRESS} lladdr ${ROUTER_MAC} dev eth0 nud permanent`,
    ...neighbours,
  ]);
}

async function createRouterAndClient(topology: Topology): Promise<void> {
  const { router, client, vpc, nodes } = topology;
  await createNamespace(router, {
    'net/ipv4/ip_forward': '1',
    'net/ipv4/conf/all/rp_filter': '0',
    // Redirects would tell nodes about each other behind the VPC's back.
    'net/ipv4/conf/all/send_redirects': '0',
  });
  await createNamespace(client);
  await plug(vpc, {
    port: ROUTER_PORT,
    path: 0,
    namespace: router,
    device: 'vpc',
    mac: ROUTER_MAC,
    address: ROUTER_ADDRESS,
  });
  await command('ip', [
    '-n',
    router,
    'link',
    'add',
    'public',
    'type',
    'veth',
    'peer',
    'name',
    'eth0',
    'netns',
    client,
  ]);
  await ipBatch(router, [
    `addr add ${ROUTER_PUBLIC_SIDE}/24 dev public`,
    'link set public up',
    `addr add ${METADATA_ADDRESS}/32 dev lo`,
    ...nodes.map((node) => `neigh replace ${node.addresses[0]} lladdr ${node.macs[0]} dev vpc nud permanent`),
  ]);
  await ipBatch(client, [
    `addr add ${CLIENT_ADDRESS}/24 dev eth0`,
    'link set eth0 up',
    `route add default via ${ROUTER_PUBLIC_SIDE}`,
  ]);
}
