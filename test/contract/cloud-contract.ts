import {
  AssociateAddressCommand,
  DescribeAddressesCommand,
  DescribeInstanceStatusCommand,
  DisassociateAddressCommand,
  type EC2Client,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, beforeEach, describe, expect, it, type TestContext } from 'vitest';
import { type Backend, type CloudFixture, type Deviation, outcomeOf, plainEc2 } from './backend.ts';

const UNKNOWN_ALLOCATION = 'eipalloc-0123456789abcdef0';
const UNKNOWN_INSTANCE = 'i-0123456789abcdef0';

type World = { readonly ec2: EC2Client; readonly fixture: CloudFixture };

/** What this program relies on in EC2, stated as facts and run against any backend that speaks its API. */
export function describeCloudContract(
  backend: Backend,
  makeFixture: (ec2: EC2Client) => Promise<CloudFixture>,
): void {
  describe(`EC2 as spoken by ${backend.name}`, () => {
    let world: World | null = null;
    const deviates = (deviation: Deviation) => backend.deviations.includes(deviation);
    const get = (): World => {
      if (world === null) throw new Error('the fixture was not made');
      return world;
    };

    beforeAll(async () => {
      if ((backend.missing?.() ?? '') !== '') return;
      const ec2 = plainEc2(backend.endpoint());
      world = { ec2, fixture: await makeFixture(ec2) };
    }, 60_000);
    beforeEach(async (context: TestContext) => {
      const missing = backend.missing?.() ?? '';
      if (missing !== '') context.skip(missing);
      const { ec2, fixture } = get();
      for (const allocationId of fixture.allocationIds) await free(ec2, allocationId);
    });
    afterAll(async () => {
      await world?.fixture.cleanUp();
      world?.ec2.destroy();
    });

    describeReading(get, deviates);
    describeMoving(get, deviates);
    describeReleasing(get);
    describeInstances(get);
  });
}

function describeReading(get: () => World, deviates: (deviation: Deviation) => boolean): void {
  it('describes a free address without an association', async () => {
    const { ec2, fixture } = get();
    const address = await read(ec2, fixture.allocationIds[0]);
    expect(address.AssociationId ?? '').toBe('');
  });

  it('describes a held address with its association, interface and private address', async () => {
    const { ec2, fixture } = get();
    const [allocationId] = fixture.allocationIds;
    const [main] = fixture.nodes;
    const associationId = await take(ec2, allocationId, main, true);
    const address = await read(ec2, allocationId);
    expect(address.AssociationId).toBe(associationId);
    expect(address.NetworkInterfaceId).toBe(main.networkInterfaceId);
    expect(address.PrivateIpAddress).toBe(main.privateAddress);
    const expected = deviates('described-instance-id-is-empty') ? '' : main.instanceId;
    expect(address.InstanceId).toBe(expected);
  });

  it('describes several addresses in one call, and finds one by its public address', async () => {
    const { ec2, fixture } = get();
    const both = await ec2.send(new DescribeAddressesCommand({ AllocationIds: [...fixture.allocationIds] }));
    expect(both.Addresses?.map((address) => address.AllocationId).sort()).toEqual(
      [...fixture.allocationIds].sort(),
    );
    const one = await ec2.send(new DescribeAddressesCommand({ PublicIps: [fixture.publicAddress] }));
    expect(one.Addresses?.map((address) => address.AllocationId)).toEqual([fixture.allocationIds[0]]);
  });

  it('refuses the whole description when one of the allocations does not exist', async () => {
    const { ec2, fixture } = get();
    const ids = [fixture.allocationIds[0], UNKNOWN_ALLOCATION];
    const outcome = await outcomeOf(ec2.send(new DescribeAddressesCommand({ AllocationIds: ids })));
    expect(outcome).toBe('InvalidAllocationID.NotFound');
  });

  it('refuses a public address that is not allocated with InvalidAddress.NotFound', async () => {
    const { ec2 } = get();
    const outcome = await outcomeOf(ec2.send(new DescribeAddressesCommand({ PublicIps: ['203.0.113.77'] })));
    expect(outcome).toBe('InvalidAddress.NotFound');
  });
}

function describeMoving(get: () => World, deviates: (deviation: Deviation) => boolean): void {
  it('moves a held address when reassociation is allowed, under a new association', async () => {
    const { ec2, fixture } = get();
    const [allocationId] = fixture.allocationIds;
    const [main, aux] = fixture.nodes;
    const first = await take(ec2, allocationId, main, true);
    const second = await take(ec2, allocationId, aux, true);
    expect(second).not.toBe(first);
    expect((await read(ec2, allocationId)).NetworkInterfaceId).toBe(aux.networkInterfaceId);
  });

  it('refuses to take a held address with Resource.AlreadyAssociated when reassociation is forbidden', async () => {
    const { ec2, fixture } = get();
    const [allocationId] = fixture.allocationIds;
    const [main, aux] = fixture.nodes;
    await take(ec2, allocationId, main, false);
    expect(await outcomeOf(take(ec2, allocationId, aux, false))).toBe('Resource.AlreadyAssociated');
    expect((await read(ec2, allocationId)).NetworkInterfaceId).toBe(main.networkInterfaceId);
  });

  it('moves a held address when the reassociation flag is left out', async () => {
    const { ec2, fixture } = get();
    const [allocationId] = fixture.allocationIds;
    const [main, aux] = fixture.nodes;
    await take(ec2, allocationId, main, true);
    const expected = deviates('omitted-reassociation-flag-refuses')
      ? 'Resource.AlreadyAssociated'
      : 'success';
    expect(await outcomeOf(take(ec2, allocationId, aux, undefined))).toBe(expected);
  });

  it('accepts an association with the place where the address already is', async () => {
    const { ec2, fixture } = get();
    const [allocationId] = fixture.allocationIds;
    const [main] = fixture.nodes;
    await take(ec2, allocationId, main, true);
    const associationId = await take(ec2, allocationId, main, true);
    expect((await read(ec2, allocationId)).AssociationId).toBe(associationId);
  });

  it('displaces the address that was on the private address before', async () => {
    const { ec2, fixture } = get();
    const [first, second] = fixture.allocationIds;
    const [main] = fixture.nodes;
    await take(ec2, first, main, true);
    await take(ec2, second, main, true);
    expect((await read(ec2, second)).NetworkInterfaceId).toBe(main.networkInterfaceId);
    const displaced = (await read(ec2, first)).AssociationId === undefined;
    expect(displaced).toBe(!deviates('second-address-does-not-displace-the-first'));
  });

  it('refuses an allocation or an interface that does not exist', async () => {
    const { ec2, fixture } = get();
    const [main] = fixture.nodes;
    expect(await outcomeOf(take(ec2, UNKNOWN_ALLOCATION, main, true))).toBe('InvalidAllocationID.NotFound');
    const noInterface = { ...main, networkInterfaceId: 'eni-0123456789abcdef0' };
    const outcome = await outcomeOf(take(ec2, fixture.allocationIds[0], noInterface, true));
    expect(outcome).toBe('InvalidNetworkInterfaceID.NotFound');
  });

  it('refuses a private address that the interface does not have', async () => {
    const { ec2, fixture } = get();
    const [main, aux] = fixture.nodes;
    const wrong = { ...main, privateAddress: aux.privateAddress };
    const outcome = await outcomeOf(take(ec2, fixture.allocationIds[0], wrong, true));
    const expected = deviates('private-address-not-checked') ? 'success' : 'InvalidParameterValue';
    expect(outcome).toBe(expected);
  });

  it('refuses, with reassociation forbidden, also when the instance is named instead of the interface', async () => {
    const { ec2, fixture } = get();
    const [allocationId] = fixture.allocationIds;
    const [main, aux] = fixture.nodes;
    await take(ec2, allocationId, main, true);
    const outcome = await outcomeOf(
      ec2.send(
        new AssociateAddressCommand({
          AllocationId: allocationId,
          InstanceId: aux.instanceId,
          AllowReassociation: false,
        }),
      ),
    );
    const steals = deviates('no-reassociation-by-instance-id-steals');
    expect(outcome).toBe(steals ? 'success' : 'Resource.AlreadyAssociated');
  });

  it('answers a dry run with DryRunOperation and changes nothing', async () => {
    const { ec2, fixture } = get();
    const [allocationId] = fixture.allocationIds;
    const [main] = fixture.nodes;
    const command = new AssociateAddressCommand({
      AllocationId: allocationId,
      NetworkInterfaceId: main.networkInterfaceId,
      PrivateIpAddress: main.privateAddress,
      AllowReassociation: true,
      DryRun: true,
    });
    const outcome = await outcomeOf(ec2.send(command));
    expect(outcome === 'DryRunOperation').toBe(!deviates('dry-run-not-supported'));
    if (outcome === 'DryRunOperation') {
      expect((await read(ec2, allocationId)).AssociationId ?? '').toBe('');
    }
  });
}

function describeReleasing(get: () => World): void {
  it('frees the address when its association is dissolved', async () => {
    const { ec2, fixture } = get();
    const [allocationId] = fixture.allocationIds;
    const associationId = await take(ec2, allocationId, fixture.nodes[0], true);
    await ec2.send(new DisassociateAddressCommand({ AssociationId: associationId }));
    expect((await read(ec2, allocationId)).AssociationId ?? '').toBe('');
  });

  it('leaves a newer association alone when a stale one is dissolved, with or without an error', async () => {
    const { ec2, fixture } = get();
    const [allocationId] = fixture.allocationIds;
    const [main, aux] = fixture.nodes;
    const stale = await take(ec2, allocationId, main, true);
    const current = await take(ec2, allocationId, aux, true);
    const outcome = await outcomeOf(ec2.send(new DisassociateAddressCommand({ AssociationId: stale })));
    expect(['success', 'InvalidAssociationID.NotFound']).toContain(outcome);
    expect((await read(ec2, allocationId)).AssociationId).toBe(current);
  });
}

function describeInstances(get: () => World): void {
  const states = async (ec2: EC2Client, instanceId: string, all: boolean) => {
    const command = new DescribeInstanceStatusCommand({
      InstanceIds: [instanceId],
      IncludeAllInstances: all,
    });
    return (await ec2.send(command)).InstanceStatuses?.map((status) => status.InstanceState?.Name);
  };

  it('lists a running instance', async () => {
    const { ec2, fixture } = get();
    expect(await states(ec2, fixture.nodes[0].instanceId, false)).toEqual(['running']);
  });

  it('lists a stopped instance only when all are asked for, and leaves it its address', async () => {
    const { ec2, fixture } = get();
    const [allocationId] = fixture.allocationIds;
    const [, aux] = fixture.nodes;
    await take(ec2, allocationId, aux, true);
    await fixture.stopInstance(aux.instanceId);
    try {
      expect(await states(ec2, aux.instanceId, false)).toEqual([]);
      expect(await states(ec2, aux.instanceId, true)).toEqual(['stopped']);
      expect((await read(ec2, allocationId)).NetworkInterfaceId).toBe(aux.networkInterfaceId);
    } finally {
      await fixture.startInstance(aux.instanceId);
    }
  });

  it('refuses an instance id that does not exist with InvalidInstanceID.NotFound', async () => {
    const { ec2 } = get();
    const command = new DescribeInstanceStatusCommand({
      InstanceIds: [UNKNOWN_INSTANCE],
      IncludeAllInstances: true,
    });
    expect(await outcomeOf(ec2.send(command))).toBe('InvalidInstanceID.NotFound');
  });
}

async function take(
  ec2: EC2Client,
  allocationId: string,
  node: { readonly networkInterfaceId: string; readonly privateAddress: string },
  allowReassociation: boolean | undefined,
): Promise<string> {
  const answer = await ec2.send(
    new AssociateAddressCommand({
      AllocationId: allocationId,
      NetworkInterfaceId: node.networkInterfaceId,
      PrivateIpAddress: node.privateAddress,
      AllowReassociation: allowReassociation,
    }),
  );
  expect(answer.AssociationId).toMatch(/^eipassoc-/);
  return answer.AssociationId ?? '';
}

async function read(ec2: EC2Client, allocationId: string) {
  const answer = await ec2.send(new DescribeAddressesCommand({ AllocationIds: [allocationId] }));
  const address = answer.Addresses?.[0];
  if (address === undefined) throw new Error(`${allocationId} was not described`);
  return address;
}

async function free(ec2: EC2Client, allocationId: string): Promise<void> {
  const { AssociationId } = await read(ec2, allocationId);
  if (AssociationId === undefined || AssociationId === '') return;
  await ec2.send(new DisassociateAddressCommand({ AssociationId }));
}
