import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EC2Client } from '@aws-sdk/client-ec2';
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { vi } from 'vitest';
import { type AddressFollower, createAddressFollower } from '../../support/netns/address-follower.ts';
import { API_ENDPOINT } from '../../support/netns/address-plan.ts';
import { createAddressTranslation } from '../../support/netns/address-translation.ts';
import { type ApiCall, startApiProxy } from '../../support/netns/api-proxy.ts';
import { type Client, startClient } from '../../support/netns/client.ts';
import { startGateway } from '../../support/netns/gateway.ts';
import { endHelper, helperIsReady, spawnHelper } from '../../support/netns/helper-process.ts';
import { type MetadataServer, startMetadataServer } from '../../support/netns/metadata-server.ts';
import { REGION } from '../../support/netns/test-account.ts';
import { createTopology, type Topology, type TopologyNode } from '../../support/netns/topology.ts';
import { SystemdMachine } from '../../support/systemd-machine.ts';
import { cloudDisk } from './cloud-disk.ts';
import { type DeployedInstance, type DeployedStack, deleteExample, deployExample } from './deployed-stack.ts';

export const NAMES = ['main', 'aux'] as const;
export type Name = (typeof NAMES)[number];

const PACKAGE = '/packages/eipkeeper.deb';
/** As the construct calls it. */
const CONFIGURATION = '/eipkeeper/web/config';
const SIGNALS = `/cloudformation-waitcondition-${REGION}`;
const WAIT = { timeout: 200_000, interval: 500 };

/**
 * The CDK example, deployed on LocalStack, in a small VPC: each of its two instances is a whole machine that has its
 * identity and its user data from the metadata service, and runs them by Debian's cloud-init.
 */
export interface CloudMachines {
  readonly stack: DeployedStack;
  readonly metadata: MetadataServer;
  readonly address: AddressFollower;
  readonly client: Client;
  /** What the nodes asked of EC2 and SSM, in order. */
  calls(): readonly ApiCall[];
  instance(name: Name): DeployedInstance;
  machine(name: Name): SystemdMachine;
  /** A command that has to succeed; gives its standard output. */
  on(name: Name, ...command: readonly string[]): Promise<string>;
  powerOff(name: Name): Promise<void>;
  powerOn(name: Name): Promise<void>;
  /** Another machine with a blank disk in its place, as after a replacement of the instance. */
  replace(name: Name): Promise<void>;
  /** Waits until the user data have run since the last boot; gives what they wrote to the console. */
  userDataOutput(name: Name): Promise<string>;
  /** Changes the configuration in its parameter; no node is told. */
  reconfigure(change: (text: string) => string): Promise<void>;
  /** What the newest script told CloudFormation. */
  signal(): Promise<Readonly<Record<string, string>>>;
  close(): Promise<void>;
}

export async function startCloudMachines(endpoint: string, deb: string): Promise<CloudMachines> {
  const closers: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (let closer = closers.pop(); closer !== undefined; closer = closers.pop()) await closer();
  };
  try {
    return await build(endpoint, deb, closers, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function build(
  endpoint: string,
  deb: string,
  closers: (() => Promise<unknown>)[],
  close: () => Promise<void>,
): Promise<CloudMachines> {
  const topology = await createTopology({ nodes: NAMES });
  closers.push(() => topology.close());
  await fillBuckets(endpoint, deb);
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const ec2 = new EC2Client({ endpoint, region: REGION, credentials });
  const ssm = new SSMClient({ endpoint, region: REGION, credentials });
  closers.push(async () => {
    ec2.destroy();
    ssm.destroy();
  });
  const privateIps = topology.nodes.map(({ addresses }) => addresses[0]!);
  const stack = await deployExample(endpoint, ec2, {
    packageUrl: `${API_ENDPOINT}${PACKAGE}`,
    privateIps: [privateIps[0]!, privateIps[1]!],
  });
  closers.push(() => deleteExample(endpoint));

  const machines = new Map<Name, SystemdMachine>();
  const off = new Set<Name>();
  const address = createAddressFollower({
    ec2,
    allocationId: stack.allocationId,
    translation: await createAddressTranslation(topology),
    interfaces: stack.instances.map(({ networkInterfaceId, privateIp }, index) => ({
      networkInterfaceId,
      privateIp,
      isLost: async () => off.has(NAMES[index]!),
    })),
  });
  const { api, metadata } = await startServices(topology, stack, endpoint, address, closers);
  const client = await startClient(topology);
  closers.push(() => client.close());

  const create = async (name: Name) => {
    machines.set(name, await startMachine(name, topology.nodes[NAMES.indexOf(name)]!));
  };
  closers.push(() => Promise.all([...machines.values()].map((machine) => machine.end())));
  for (const name of NAMES) await create(name);

  const machine = (name: Name) => {
    const found = machines.get(name);
    if (found === undefined) throw new Error(`there is no machine ${name}`);
    return found;
  };
  return {
    stack,
    metadata,
    address,
    client,
    calls: () => api.calls.filter(({ node, call }) => node !== 'operator' && call !== 'unknown'),
    instance: (name) => stack.instances[NAMES.indexOf(name)]!,
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
      await machine(name).end();
      machines.delete(name);
      await create(name);
    },
    userDataOutput: async (name) => {
      const output = async () => (await machine(name).run('cat', '/var/log/cloud-init-output.log')).stdout;
      /** Of the step under way, which the script shows when it has ended, and of the daemon. */
      const soFar = async () =>
        (await machine(name).run('sh', '-c', 'tail -n 20 /tmp/tmp.*/output; journalctl -n 20 -u eipkeeper'))
          .stdout;
      await vi.waitFor(async () => {
        // Written when all stages are through, well or not, and gone at the next boot.
        const { code } = await machine(name).run('test', '-e', '/run/cloud-init/result.json');
        if (code === 0) return;
        throw new Error(
          `cloud-init of ${name} is not through: ${(await output()).slice(-1_000)}\n${await soFar()}`,
        );
      }, WAIT);
      return output();
    },
    reconfigure: async (change) => {
      const { Parameter } = await ssm.send(new GetParameterCommand({ Name: CONFIGURATION }));
      const Value = change(Parameter?.Value ?? '');
      await ssm.send(new PutParameterCommand({ Name: CONFIGURATION, Value, Overwrite: true }));
    },
    signal: async () => {
      const [, path = ''] = /'https?:\/\/[^/]+(\/[^?']+)\?X-Amz/.exec(stack.instances[0].userData) ?? [];
      return (await (await fetch(`${endpoint}${path}`)).json()) as Record<string, string>;
    },
    close,
  };
}

/** The package where the script looks for it, and the bucket behind the wait conditions' handles. */
async function fillBuckets(endpoint: string, deb: string): Promise<void> {
  const put = async (path: string, body?: Uint8Array<ArrayBuffer>) => {
    const response = await fetch(`${endpoint}${path}`, { method: 'PUT', ...(body && { body }) });
    if (!response.ok) throw new Error(`PUT ${path} answered ${response.status}`);
  };
  await put('/packages');
  await put(PACKAGE, new Uint8Array(await readFile(deb)));
  await put(SIGNALS);
}

async function startServices(
  topology: Topology,
  stack: DeployedStack,
  endpoint: string,
  address: AddressFollower,
  closers: (() => Promise<unknown>)[],
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
      ...stack.instances[index]!,
      region: REGION,
      mac: node.macs[0]!,
      sources: node.addresses,
    })),
  });
  closers.push(() => metadata.close());
  const gateway = await startGateway(topology, sockets);
  closers.push(() => gateway.close());
  // LocalStack's wait conditions are at "localhost" and its own port.
  const port = Number(new URL(endpoint).port);
  for (const { namespace } of topology.nodes) {
    const here = [{ host: '127.0.0.1', port, socketPath: sockets.api }];
    const child = spawnHelper(namespace, 'gateway-process.ts', here);
    await helperIsReady(child);
    closers.push(() => endHelper(child));
  }
  return { api, metadata };
}

const startMachine = (name: Name, { namespace }: TopologyNode): Promise<SystemdMachine> =>
  SystemdMachine.start({
    network: `ns:/run/netns/${namespace}`,
    packages: ['cloud-init', 'curl', 'ca-certificates'],
    hostname: name,
    files: cloudDisk({ endpoint: API_ENDPOINT, whom: `node_${NAMES.indexOf(name) + 1}` }),
    waitForBoot: false,
  });
