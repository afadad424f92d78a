import { readFile } from 'node:fs/promises';
import { EC2Client } from '@aws-sdk/client-ec2';
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { vi } from 'vitest';
import { API_ENDPOINT } from '../../support/netns/address-plan.ts';
import { endHelper, helperIsReady, spawnHelper } from '../../support/netns/helper-process.ts';
import { REGION } from '../../support/netns/test-account.ts';
import { createTopology, type Topology, type TopologyNode } from '../../support/netns/topology.ts';
import { SystemdMachine } from '../../support/systemd-machine.ts';
import { cloudDisk } from './cloud-disk.ts';
import { type DeployedInstance, type DeployedStack, deleteExample, deployExample } from './deployed-stack.ts';
import { NAMES, type Name, startVpc, type VpcMachines } from './vpc-machines.ts';

const PACKAGE = '/packages/eipkeeper.deb';
/** As the construct calls it. */
const CONFIGURATION = '/eipkeeper/web/config';
const SIGNALS = `/cloudformation-waitcondition-${REGION}`;
const WAIT = { timeout: 200_000, interval: 500 };
const CALL_TIMEOUT_MS = 60_000;

/**
 * The CDK example, deployed on LocalStack, in a small VPC: each of its two instances is a whole machine that has its
 * identity and its user data from the metadata service, and runs them by Debian's cloud-init.
 */
export interface CloudMachines extends VpcMachines {
  readonly stack: DeployedStack;
  instance(name: Name): DeployedInstance;
  /** Waits until the user data have run since the last boot; gives what they wrote to the console. */
  userDataOutput(name: Name): Promise<string>;
  /** Changes the configuration in its parameter; no node is told. */
  reconfigure(change: (text: string) => string): Promise<void>;
  /** What the newest script told CloudFormation. */
  signal(): Promise<Readonly<Record<string, string>>>;
  close(): Promise<void>;
}

export async function startCloudMachines(endpoint: string, deb: string): Promise<CloudMachines> {
  await using closers = new AsyncDisposableStack();
  const topology = await createTopology({ nodes: NAMES });
  closers.defer(() => topology.close());
  await fillBuckets(endpoint, deb);
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const ec2 = new EC2Client({ endpoint, region: REGION, credentials });
  const ssm = new SSMClient({ endpoint, region: REGION, credentials });
  closers.defer(async () => {
    ec2.destroy();
    ssm.destroy();
  });
  const privateIps = topology.nodes.map(({ addresses }) => addresses[0]!);
  const stack = await deployExample(endpoint, ec2, {
    packageUrl: `${API_ENDPOINT}${PACKAGE}`,
    privateIps: [privateIps[0]!, privateIps[1]!],
  });
  closers.defer(() => deleteExample(endpoint));
  const { allocationId, instances } = stack;
  const vpc = await startVpc({ topology, endpoint, ec2, allocationId, instances, startMachine }, closers);
  await reachSignals(topology, vpc.apiSocket, endpoint, closers);
  for (const name of NAMES) await vpc.replace(name);
  const { machine } = vpc;
  const open = closers.move();
  return {
    ...vpc,
    stack,
    instance: (name) => stack.instances[NAMES.indexOf(name)]!,
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
      const answer = await fetch(`${endpoint}${path}`, { signal: AbortSignal.timeout(CALL_TIMEOUT_MS) });
      return (await answer.json()) as Record<string, string>;
    },
    close: () => open.disposeAsync(),
  };
}

/** The package where the script looks for it, and the bucket behind the wait conditions' handles. */
async function fillBuckets(endpoint: string, deb: string): Promise<void> {
  const put = async (path: string, body?: Uint8Array<ArrayBuffer>) => {
    const signal = AbortSignal.timeout(CALL_TIMEOUT_MS);
    const response = await fetch(`${endpoint}${path}`, { method: 'PUT', signal, ...(body && { body }) });
    if (!response.ok) throw new Error(`PUT ${path} answered ${response.status}`);
  };
  await put('/packages');
  await put(PACKAGE, new Uint8Array(await readFile(deb)));
  await put(SIGNALS);
}

/** LocalStack's wait conditions are at "localhost" and its own port. */
async function reachSignals(
  topology: Topology,
  socketPath: string,
  endpoint: string,
  closers: AsyncDisposableStack,
) {
  const port = Number(new URL(endpoint).port);
  for (const { namespace } of topology.nodes) {
    const child = spawnHelper(namespace, 'gateway-process.ts', [{ host: '127.0.0.1', port, socketPath }]);
    await helperIsReady(child);
    closers.defer(() => endHelper(child));
  }
}

const startMachine = (name: Name, { namespace }: TopologyNode): Promise<SystemdMachine> =>
  SystemdMachine.start({
    network: `ns:/run/netns/${namespace}`,
    packages: ['cloud-init', 'curl', 'ca-certificates'],
    hostname: name,
    files: cloudDisk({ endpoint: API_ENDPOINT, whom: `node_${NAMES.indexOf(name) + 1}` }),
    waitForBoot: false,
  });
