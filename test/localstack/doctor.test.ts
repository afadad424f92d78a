import { AssociateAddressCommand } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { AwsClients } from '../../src/cloud/aws-clients.ts';
import type { Configuration } from '../../src/config/configuration.ts';
import type { Finding } from '../../src/doctor/check.ts';
import { address } from '../../src/doctor/checks/address.ts';
import { ec2Permissions } from '../../src/doctor/checks/ec2-permissions.ts';
import { targetInterface } from '../../src/doctor/checks/interface.ts';
import { witness } from '../../src/doctor/checks/witness.ts';
import { DoctorContext } from '../../src/doctor/doctor-context.ts';
import { runChecks } from '../../src/doctor/run-checks.ts';
import type { CloudGroup } from '../../src/runtime/cloud-plan.ts';
import type { Machine } from '../../src/runtime/machine-facts.ts';
import { type CloudFixture, plainEc2 } from '../contract/backend.ts';
import { useLocalStack } from '../support/localstack.ts';
import { makeVpcFixture } from '../support/localstack-fixture.ts';

vi.setConfig({ testTimeout: 60_000 });

/** The checks that ask AWS, where another program than the project's own emulator answers. */
describe('the doctor on LocalStack', () => {
  const localStack = useLocalStack();
  let fixture: CloudFixture;
  let clients: AwsClients;

  /** A node of which nothing has to be found out. */
  class GivenContext extends DoctorContext {
    override clients = async () => clients;
    override self = async () => 'main';
    override configuration = async () =>
      ({
        witnessPrefix: '/eipkeeper/doctor-test',
        file: { groups: { web: { nodes: ['main', 'aux'] } } },
      }) as unknown as Configuration;
    override machine = async () =>
      ({
        identity: { instanceId: fixture.nodes[0].instanceId, availabilityZone: 'eu-central-1a' },
      }) as unknown as Machine;
    override cloudGroups = async () => {
      const target = fixture.nodes[0];
      const id = { kind: 'allocation', allocationId: fixture.allocationIds[0] } as const;
      const group: CloudGroup = {
        addresses: [{ type: 'elastic-ip', id, target }],
        findNode: (networkInterfaceId) => (networkInterfaceId === target.networkInterfaceId ? 'main' : null),
      };
      return new Map([['web', group]]);
    };
  }

  beforeAll(async () => {
    if (localStack.missing !== '') return;
    fixture = await makeVpcFixture(plainEc2(localStack.endpoint));
    clients = new AwsClients({
      region: 'eu-central-1',
      version: '0',
      environment: { AWS_ENDPOINT_URL: localStack.endpoint },
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
  }, 60_000);
  beforeEach((context) => localStack.skipIfMissing(context));
  afterAll(async () => {
    if (localStack.missing !== '') return;
    clients.close();
    await fixture.cleanUp();
  });

  async function examine(): Promise<readonly Finding[]> {
    const context = new GivenContext({
      source: '/none',
      version: '0',
      environment: {},
      connect: () => Promise.reject(new Error('no daemon')),
      waiting: false,
      signal: new AbortController().signal,
    });
    const checks = [ec2Permissions, witness, address, targetInterface];
    return (await runChecks(checks, context, () => {}, 50_000)).flatMap(({ findings }) => findings);
  }

  it('finds everything allowed, and moves nothing', async () => {
    const findings = await examine();
    expect(findings.map(({ verdict, text }) => `${verdict} ${text}`)).toEqual([
      'ok allows DescribeInstanceStatus, DescribeAddresses, AssociateAddress',
      'ok /eipkeeper/doctor-test/web/term: read, written and deleted',
      expect.stringMatching(/^ok web: .* is free to come here$/),
      expect.stringMatching(/^ok web: .* is free for it$/),
    ]);
    // Else the dry run had moved it.
    expect((await examine()).map(({ text }) => text)[2]).toMatch(/free to come here/);
  });

  it('asks for DisassociateAddress as well where the address is somewhere, and leaves it there', async () => {
    const [node] = fixture.nodes;
    await plainEc2(localStack.endpoint).send(
      new AssociateAddressCommand({
        AllocationId: fixture.allocationIds[0],
        NetworkInterfaceId: node.networkInterfaceId,
        PrivateIpAddress: node.privateAddress,
        AllowReassociation: true,
      }),
    );
    for (const _look of [1, 2]) {
      const texts = (await examine()).map(({ text }) => text);
      expect(texts[0]).toBe(
        'allows DescribeInstanceStatus, DescribeAddresses, AssociateAddress, DisassociateAddress',
      );
      expect(texts[2]).toMatch(/is on main$/);
    }
  });
});
