import { afterAll, beforeAll } from 'vitest';
import { AwsEmulator, OPERATOR } from '../../../src/demo/emulator/aws-emulator.ts';
import { SUBNET_ID } from '../../../src/demo/emulator/ec2-shapes.ts';
import { openAdapters } from '../../contract/adapters.ts';
import type { Backend, CloudFixture, FixtureNode } from '../../contract/backend.ts';
import { describeCallContract } from '../../contract/call-contract.ts';
import { describeCloudContract } from '../../contract/cloud-contract.ts';
import { describePrivateAddressContract } from '../../contract/private-address-contract.ts';
import { describeRegistryContract } from '../../contract/registry-contract.ts';
import { describeWitnessContract } from '../../contract/witness-contract.ts';

const NODES = ['main', 'aux'] as const;

const emulator = new AwsEmulator({
  nodes: [
    { name: 'main', privateIp: '127.0.0.11' },
    { name: 'aux', privateIp: '127.0.0.12' },
  ],
  accessKeys: { test: OPERATOR },
});

const backend: Backend = {
  name: 'the emulator of the demo',
  endpoint: () => emulator.endpoint,
  deviations: [],
};

for (const [node, privateIp] of [
  ['main', '127.0.0.21'],
  ['aux', '127.0.0.22'],
] as const) {
  const { networkInterfaceId } = emulator.cloud.interfaceOf(node);
  emulator.cloud.assignPrivateIps({ networkInterfaceId, privateIps: [privateIp], allowReassignment: false });
}

beforeAll(() => emulator.start());
afterAll(() => emulator.close());

function fixtureNode(name: string): FixtureNode {
  const { networkInterfaceId, privateIps } = emulator.cloud.interfaceOf(name);
  const { instanceId } = emulator.cloud.instanceOf(name);
  return {
    instanceId,
    networkInterfaceId,
    privateAddress: privateIps[0] ?? '',
    second: { networkInterfaceId, privateAddress: privateIps[1] ?? '' },
  };
}

const nameOf = (instanceId: string): string =>
  NODES.find((name) => emulator.cloud.instanceOf(name).instanceId === instanceId) ?? '';

const makeFixture = async (): Promise<CloudFixture> => {
  const [first, second] = [emulator.cloud.allocate(), emulator.cloud.allocate()];
  return {
    nodes: [fixtureNode('main'), fixtureNode('aux')],
    allocationIds: [first.allocationId, second.allocationId],
    subnetId: SUBNET_ID,
    publicAddress: first.publicIp,
    stopInstance: async (instanceId) => emulator.cloud.setInstanceState(nameOf(instanceId), 'stopped'),
    startInstance: async (instanceId) => emulator.cloud.setInstanceState(nameOf(instanceId), 'running'),
    cleanUp: async () => undefined,
  };
};

describeCloudContract(backend, makeFixture);

describePrivateAddressContract(backend, makeFixture);

describeWitnessContract(backend);
describeRegistryContract(backend);

const opened: { close(): void }[] = [];
afterAll(() => {
  for (const adapters of opened) adapters.close();
});
for (const addresses of ['one address', 'two addresses', 'a private address'] as const) {
  describeCallContract(`the adapters over the emulator, for a group with ${addresses}`, async () => {
    const adapters = openAdapters(emulator.endpoint, await makeFixture(), addresses);
    opened.push(adapters);
    return adapters.perform;
  });
}
