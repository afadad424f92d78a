import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cgroupHierarchies, removeCgroup } from '../../../src/resources/cgroup.ts';
import { cgroupNameOf, guardDirectory } from '../../../src/runtime/guard-keeper.ts';
import { type AddressFollower, createAddressFollower } from './address-follower.ts';
import { createAddressTranslation } from './address-translation.ts';
import { type ApiProxy, SLOW_EC2 } from './api-proxy.ts';
import { type Client, type ClientOptions, startClient } from './client.ts';
import { daemonConfig, type GroupOptions } from './daemon-config.ts';
import { associate } from './ec2-corrections.ts';
import type { MetadataServer } from './metadata-server.ts';
import { createNodeMachine, type NodeMachine } from './node-machine.ts';
import { createPathFaults, type PathFaults } from './path-faults.ts';
import type { StarvationGauge } from './starvation.ts';
import { createTestAccount, REGION, type TestAccount } from './test-account.ts';
import { createTopology, type Topology } from './topology.ts';
import { startVpcServices } from './vpc-services.ts';

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
  /** The last first. Safe to call more than once; goes on after failures and throws them together at the end. */
  close(): Promise<void>;
}

export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  // What was started already is closed again when something fails here.
  await using closers = new AsyncDisposableStack();
  const names = options.nodes ?? ['main', 'aux'];
  const topology = await createTopology({ nodes: names, paths: options.paths ?? 1 });
  let nodes: readonly ClusterNode[] = [];
  // After everything in the namespaces has ended.
  closers.defer(() => removeCgroups(nodes));
  closers.defer(() => topology.close());
  const account = await createTestAccount(options.endpoint, topology.nodes);
  closers.defer(() => account.close());
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
  const { gauge } = options;
  const { api, metadata, gateway } = await startVpcServices(
    {
      topology,
      endpoint: options.endpoint,
      instances: account.instances,
      address,
      delays: options.delays ?? SLOW_EC2,
      onLateness: ({ node, call }, lateMs) => gauge?.note(`${call} of ${node}`, lateMs),
    },
    closers,
  );
  gauge?.watch('the gateway', gateway.pid);
  // First of all: nobody asks services that are going away.
  closers.defer(async () => {
    for (const { killEverything } of nodes) await killEverything();
  });
  const paths = createPathFaults(topology);
  const node = (name: string) => {
    const found = nodes.find((candidate) => candidate.name === name);
    if (found === undefined) throw new Error(`no node ${name} in this cluster`);
    return found;
  };
  const open = closers.move();
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
      open.defer(() => client.close());
      gauge?.watch('the client', client.pid);
      return client;
    },
    close: () => open.disposeAsync(),
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

/** The control groups of exclusive groups, all of which these tests call web. */
function removeCgroups(nodes: readonly ClusterNode[]): void {
  for (const { socketPath } of nodes) {
    const name = cgroupNameOf('web', guardDirectory(socketPath, {}));
    for (const { own } of cgroupHierarchies()) removeCgroup(join(own, name));
  }
}
