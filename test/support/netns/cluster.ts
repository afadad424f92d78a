import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cgroupHierarchies, removeCgroup } from '../../../src/resources/cgroup.ts';
import { cgroupNameOf, guardDirectory } from '../../../src/runtime/guard-keeper.ts';
import { type AddressFollower, createAddressFollower } from './address-follower.ts';
import { createAddressTranslation } from './address-translation.ts';
import { type ApiProxy, SLOW_EC2, startApiProxy } from './api-proxy.ts';
import { type Client, type ClientOptions, startClient } from './client.ts';
import { daemonConfig, type GroupOptions } from './daemon-config.ts';
import { associate } from './ec2-corrections.ts';
import { startGateway } from './gateway.ts';
import { type MetadataServer, startMetadataServer } from './metadata-server.ts';
import { createNodeMachine, type NodeMachine } from './node-machine.ts';
import { createPathFaults, type PathFaults } from './path-faults.ts';
import type { StarvationGauge } from './starvation.ts';
import { createTestAccount, REGION, type TestAccount } from './test-account.ts';
import { createTopology, type Topology } from './topology.ts';

export interface ClusterOptions {
  /** LocalStack's. */
  readonly endpoint: string;
  /** In order of preference; main and aux unless told. They answer as node_1, node_2, … */
  readonly nodes?: readonly string[];
  readonly paths?: 1 | 2;
  readonly profile?: 'default' | 'fast' | 'turbo';
  readonly group?: GroupOptions;
  /** How slow the API is; 600 ms for a move, 150 for a description, 100 for the rest unless told. */
  readonly delays?: Readonly<Record<string, number>>;
  /** Is told of all that this cluster needs in time. */
  readonly gauge?: StarvationGauge;
}

export interface ClusterNode extends NodeMachine {
  readonly instanceId: string;
  readonly networkInterfaceId: string;
  readonly configPath: string;
}

/** The classic test's world: EC2, SSM and metadata, a VPC with real nginx on each node, and the Elastic IP. */
export interface Cluster {
  readonly topology: Topology;
  readonly nodes: readonly ClusterNode[];
  readonly paths: PathFaults;
  readonly api: ApiProxy;
  readonly metadata: MetadataServer;
  readonly account: TestAccount;
  readonly address: AddressFollower;
  readonly ssmPrefix: string;
  node(name: string): ClusterNode;
  /** Puts the address there behind everybody's back, without delay or fault. */
  placeAddress(node: string): Promise<void>;
  /** Cuts the node off all its paths, so that the address leaves its connections behind when it moves. */
  cut(node: string): Promise<void>;
  mend(node: string): Promise<void>;
  startClient(options?: ClientOptions): Promise<Client>;
  /** Safe to call more than once; goes on after failures and throws them together at the end. */
  close(): Promise<void>;
}

export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const closers: (() => Promise<void>)[] = [];
  const close = () => closeAll(closers);
  try {
    return await buildCluster(options, closers, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function buildCluster(
  options: ClusterOptions,
  closers: (() => Promise<void>)[],
  close: () => Promise<void>,
): Promise<Cluster> {
  const names = options.nodes ?? ['main', 'aux'];
  const topology = await createTopology({ nodes: names, paths: options.paths ?? 1 });
  let nodes: readonly ClusterNode[] = [];
  // After everything in the namespaces has ended.
  closers.push(async () => removeCgroups(nodes));
  closers.push(() => topology.close());
  const account = await createTestAccount(options.endpoint, topology.nodes);
  closers.push(() => account.close());
  const ssmPrefix = `/eipkeeper/${topology.id}`;
  nodes = await createNodes(topology, account, options, ssmPrefix);
  const cutOff = new Set<string>();
  const address = createAddressFollower({
    ec2: account.ec2,
    allocationId: account.allocationId,
    translation: await createAddressTranslation(topology),
    interfaces: nodes.map((node) => ({
      networkInterfaceId: node.networkInterfaceId,
      privateIp: node.addresses[0]!,
      isLost: async () => cutOff.has(node.name) || (await node.processes()).length === 0,
    })),
  });
  const { api, metadata } = await startServices(topology, account, nodes, address, options, closers);
  const paths = createPathFaults(topology);
  const node = (name: string) => {
    const found = nodes.find((candidate) => candidate.name === name);
    if (found === undefined) throw new Error(`no node ${name} in this cluster`);
    return found;
  };
  return {
    topology,
    nodes,
    paths,
    api,
    metadata,
    account,
    address,
    ssmPrefix,
    node,
    placeAddress: async (name) => {
      const { networkInterfaceId, addresses } = node(name);
      await associate(account.ec2, {
        allocationId: account.allocationId,
        networkInterfaceId,
        privateIp: addresses[0]!,
      });
      await address.follow();
    },
    cut: async (name) => {
      cutOff.add(name);
      await paths.cut(name);
    },
    mend: async (name) => {
      await paths.mend(name);
      cutOff.delete(name);
    },
    startClient: async (clientOptions) => {
      const client = await startClient(topology, clientOptions);
      closers.push(() => client.close());
      options.gauge?.watch('the client', client.pid);
      return client;
    },
    close,
  };
}

async function createNodes(
  topology: Topology,
  account: TestAccount,
  options: ClusterOptions,
  ssmPrefix: string,
): Promise<ClusterNode[]> {
  const machines: NodeMachine[] = [];
  for (const [index, node] of topology.nodes.entries()) {
    machines.push(
      await createNodeMachine({
        node,
        whom: `node_${index + 1}`,
        region: REGION,
        parentDirectory: topology.directory,
      }),
    );
  }
  const keyPath = join(topology.directory, 'key');
  await writeFile(keyPath, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
  const nodes: ClusterNode[] = [];
  for (const [index, machine] of machines.entries()) {
    const configPath = join(machine.directory, 'eipkeeper.yaml');
    const text = daemonConfig(machines, machine, {
      cluster: 'classic',
      keyPath,
      profile: options.profile ?? 'default',
      ssmPrefix,
      allocationId: account.allocationId,
      group: options.group ?? {},
    });
    await writeFile(configPath, text);
    const { instanceId, networkInterfaceId } = account.instances[index]!;
    nodes.push({ ...machine, instanceId, networkInterfaceId, configPath });
  }
  return nodes;
}

async function startServices(
  topology: Topology,
  account: TestAccount,
  nodes: readonly ClusterNode[],
  address: AddressFollower,
  options: ClusterOptions,
  closers: (() => Promise<void>)[],
): Promise<{ api: ApiProxy; metadata: MetadataServer }> {
  const sockets = {
    api: join(topology.directory, 'api.sock'),
    metadata: join(topology.directory, 'metadata.sock'),
  };
  const api = await startApiProxy({
    upstream: options.endpoint,
    region: REGION,
    socketPath: sockets.api,
    nodeNames: new Map(nodes.flatMap((node) => node.addresses.map((source) => [source, node.name]))),
    delays: options.delays ?? SLOW_EC2,
    onLateness: ({ node, call }, lateMs) => options.gauge?.note(`${call} of ${node}`, lateMs),
    onAddressChange: () => address.follow(),
  });
  closers.push(() => api.close());
  const metadata = await startMetadataServer({
    socketPath: sockets.metadata,
    instances: nodes.map((node, index) => ({
      ...account.instances[index]!,
      region: REGION,
      mac: topology.nodes[index]!.macs[0]!,
      sources: node.addresses,
    })),
  });
  closers.push(() => metadata.close());
  const gateway = await startGateway(topology, sockets);
  closers.push(() => gateway.close());
  options.gauge?.watch('the gateway', gateway.pid);
  // First of all: nobody asks services that are going away.
  closers.push(async () => {
    for (const node of nodes) await node.killEverything();
  });
  return { api, metadata };
}

/** In the reverse order of their making. */
/** The control groups of exclusive groups, all of which these tests call web. */
function removeCgroups(nodes: readonly ClusterNode[]): void {
  for (const { socketPath } of nodes) {
    const name = cgroupNameOf('web', guardDirectory(socketPath, {}));
    for (const { own } of cgroupHierarchies()) removeCgroup(join(own, name));
  }
}

async function closeAll(closers: (() => Promise<void>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (let closer = closers.pop(); closer !== undefined; closer = closers.pop()) {
    await closer().catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0)
    throw new AggregateError(failures, 'the test cluster could not be closed entirely');
}
