import type { EC2Client } from '@aws-sdk/client-ec2';
import { type AddressFollower, createAddressFollower } from '../../support/netns/address-follower.ts';
import { createAddressTranslation } from '../../support/netns/address-translation.ts';
import type { ApiCall } from '../../support/netns/api-proxy.ts';
import { type Client, startClient } from '../../support/netns/client.ts';
import type { MetadataServer } from '../../support/netns/metadata-server.ts';
import type { TestInstance } from '../../support/netns/test-account.ts';
import type { Topology, TopologyNode } from '../../support/netns/topology.ts';
import { startVpcServices } from '../../support/netns/vpc-services.ts';
import type { SystemdMachine } from '../../support/systemd-machine.ts';

export const NAMES = ['main', 'aux'] as const;
export type Name = (typeof NAMES)[number];

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

/** Boots nothing yet: `replace` puts a machine where there is none. What it starts ends with `closers`. */
export async function startVpc(
  { topology, endpoint, ec2, allocationId, instances, startMachine }: VpcMachinesOptions,
  closers: AsyncDisposableStack,
): Promise<VpcMachines> {
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
  const { api, apiSocket, metadata } = await startVpcServices(
    // In a container cloud-init does not see that this is EC2, and asks without a token; eipkeeper brings one.
    { topology, endpoint, instances, address, delays: {}, tokens: 'optional' },
    closers,
  );
  const client = await startClient(topology);
  closers.defer(() => client.close());
  closers.defer(async () => {
    await Promise.all([...machines.values()].map((machine) => machine.end()));
  });
  const machine = (name: Name) => {
    const found = machines.get(name);
    if (found === undefined) throw new Error(`there is no machine ${name}`);
    return found;
  };
  return {
    metadata,
    apiSocket,
    calls: () => api.calls.filter(({ node, call }) => node !== 'operator' && call !== 'unknown'),
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
