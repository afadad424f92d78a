import { join } from 'node:path';
import type { EC2Client } from '@aws-sdk/client-ec2';
import { type AddressFollower, createAddressFollower } from '../../support/netns/address-follower.ts';
import { createAddressTranslation } from '../../support/netns/address-translation.ts';
import { type ApiCall, startApiProxy } from '../../support/netns/api-proxy.ts';
import { type Client, startClient } from '../../support/netns/client.ts';
import { startGateway } from '../../support/netns/gateway.ts';
import { type MetadataServer, startMetadataServer } from '../../support/netns/metadata-server.ts';
import { REGION, type TestInstance } from '../../support/netns/test-account.ts';
import type { Topology, TopologyNode } from '../../support/netns/topology.ts';
import type { SystemdMachine } from '../../support/systemd-machine.ts';

export const NAMES = ['main', 'aux'] as const;
export type Name = (typeof NAMES)[number];

export type Closer = () => Promise<unknown>;

export interface VpcMachinesOptions {
  /** With a node for each name. */
  readonly topology: Topology;
  /** LocalStack's. */
  readonly endpoint: string;
  readonly ec2: EC2Client;
  readonly allocationId: string;
  /** By name, in order. */
  readonly instances: readonly (TestInstance & { readonly userData?: string })[];
  /** Boots one. */
  startMachine(name: Name, node: TopologyNode): Promise<SystemdMachine>;
}

/** Two instances, each of them a whole machine, in a small VPC with EC2, SSM, metadata, an Elastic IP and a client. */
export interface VpcMachines {
  readonly metadata: MetadataServer;
  readonly address: AddressFollower;
  readonly client: Client;
  /** Where the proxy in front of LocalStack listens. */
  readonly apiSocket: string;
  /** What the nodes asked of EC2 and SSM, in order. */
  calls(): readonly ApiCall[];
  /** Those that there are. */
  readonly machines: ReadonlyMap<Name, SystemdMachine>;
  machine(name: Name): SystemdMachine;
  /** A command that has to succeed; gives its standard output. */
  on(name: Name, ...command: readonly string[]): Promise<string>;
  powerOff(name: Name): Promise<void>;
  powerOn(name: Name): Promise<void>;
  /** Another machine with a blank disk in its place, as after a replacement of the instance. */
  replace(name: Name): Promise<void>;
}

/** Boots nothing yet: `replace` puts a machine where there is none. What it starts is added to `closers`. */
export async function startVpc(options: VpcMachinesOptions, closers: Closer[]): Promise<VpcMachines> {
  const { topology, ec2, allocationId, instances, startMachine } = options;
  const machines = new Map<Name, SystemdMachine>();
  const off = new Set<Name>();
  const address = createAddressFollower({
    ec2,
    allocationId,
    translation: await createAddressTranslation(topology),
    interfaces: instances.map(({ networkInterfaceId, privateIp }, index) => ({
      networkInterfaceId,
      privateIp,
      isLost: async () => off.has(NAMES[index]!),
    })),
  });
  const services = await startServices(options, address, closers);
  const client = await startClient(topology);
  closers.push(() => client.close());
  closers.push(() => Promise.all([...machines.values()].map((machine) => machine.end())));
  const machine = (name: Name) => {
    const found = machines.get(name);
    if (found === undefined) throw new Error(`there is no machine ${name}`);
    return found;
  };
  return {
    ...services,
    address,
    client,
    machines,
    machine,
    on: async (name, ...command) => {
      const { code, stdout, stderr } = await machine(name).run(...command);
      if (code === 0) return stdout.trim();
      throw new Error(`${name}: "${command.join(' ')}" ended with ${code}: ${stdout}${stderr}`);
    },
    powerOff: async (name) => {
      off.add(name);
      await machine(name).powerOff();
    },
    powerOn: async (name) => {
      off.delete(name);
      await machine(name).powerOn();
    },
    replace: async (name) => {
      await machines.get(name)?.end();
      machines.delete(name);
      machines.set(name, await startMachine(name, topology.nodes[NAMES.indexOf(name)]!));
    },
  };
}

async function startServices(
  { topology, instances, endpoint }: VpcMachinesOptions,
  address: AddressFollower,
  closers: Closer[],
) {
  const sockets = {
    api: join(topology.directory, 'api.sock'),
    metadata: join(topology.directory, 'metadata.sock'),
  };
  const api = await startApiProxy({
    upstream: endpoint,
    region: REGION,
    socketPath: sockets.api,
    nodeNames: new Map(topology.nodes.map((node) => [node.addresses[0]!, node.name])),
    delays: {},
    onAddressChange: () => address.follow(),
  });
  closers.push(() => api.close());
  const metadata = await startMetadataServer({
    socketPath: sockets.metadata,
    // In a container cloud-init does not see that this is EC2, and asks without a token; eipkeeper brings one.
    tokens: 'optional',
    instances: topology.nodes.map((node, index) => ({
      ...instances[index]!,
      region: REGION,
      mac: node.macs[0]!,
      sources: node.addresses,
    })),
  });
  closers.push(() => metadata.close());
  const gateway = await startGateway(topology, sockets);
  closers.push(() => gateway.close());
  const calls = () => api.calls.filter(({ node, call }) => node !== 'operator' && call !== 'unknown');
  return { metadata, apiSocket: sockets.api, calls };
}

/** Closes what was opened, the last first. */
export async function closeAll(closers: Closer[]): Promise<void> {
  for (let closer = closers.pop(); closer !== undefined; closer = closers.pop()) await closer();
}

/** Opens one thing after another; what was opened already is closed when one fails. */
export async function openAll<T>(open: (closers: Closer[]) => Promise<T>): Promise<T> {
  const closers: Closer[] = [];
  try {
    return await open(closers);
  } catch (error) {
    await closeAll(closers);
    throw error;
  }
}
