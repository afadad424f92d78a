import {
  AllocateAddressCommand,
  AssociateAddressCommand,
  DescribeAddressesCommand,
  DescribeInstanceStatusCommand,
  DescribeInstancesCommand,
  DescribeNetworkInterfacesCommand,
  DisassociateAddressCommand,
} from '@aws-sdk/client-ec2';
import { describe, expect, test } from 'vitest';
import { clientsOf, manualClock, PUBLIC_IP, startEmulator } from './emulator-fixture.ts';

async function startWorld() {
  const { emulator, allocationId } = await startEmulator();
  const { ec2 } = clientsOf(emulator);
  const interfaceOf = (node: string) => emulator.cloud.interfaceOf(node).networkInterfaceId;
  const associate = (node: string, more: object = {}) =>
    ec2.send(
      new AssociateAddressCommand({
        AllocationId: allocationId,
        NetworkInterfaceId: interfaceOf(node),
        PrivateIpAddress: emulator.cloud.interfaceOf(node).privateIps[0],
        ...more,
      }),
    );
  const address = async () =>
    (await ec2.send(new DescribeAddressesCommand({ AllocationIds: [allocationId] }))).Addresses?.[0];
  return { emulator, ec2, allocationId, interfaceOf, associate, address };
}

describe('AssociateAddress', () => {
  test('puts a free address on the interface and private address that it names', async () => {
    const { emulator, allocationId, associate, address, interfaceOf } = await startWorld();
    const { AssociationId } = await associate('main', { AllowReassociation: false });
    expect(await address()).toMatchObject({
      AllocationId: allocationId,
      PublicIp: PUBLIC_IP,
      AssociationId,
      InstanceId: emulator.cloud.instanceOf('main').instanceId,
      NetworkInterfaceId: interfaceOf('main'),
      PrivateIpAddress: '127.0.0.11',
    });
  });

  test('steals the address when AllowReassociation is left out', async () => {
    const { associate, address, interfaceOf } = await startWorld();
    await associate('main');
    await associate('aux');
    expect((await address())?.NetworkInterfaceId).toBe(interfaceOf('aux'));
  });

  test('refuses with Resource.AlreadyAssociated when reassociation is forbidden', async () => {
    const { associate, address, interfaceOf } = await startWorld();
    await associate('main');
    await expect(associate('aux', { AllowReassociation: false })).rejects.toMatchObject({
      name: 'Resource.AlreadyAssociated',
      $metadata: { httpStatusCode: 400 },
    });
    expect((await address())?.NetworkInterfaceId).toBe(interfaceOf('main'));
  });

  test('refuses to take the address from an interface without an instance, named by instance id', async () => {
    const { emulator, ec2, allocationId, address } = await startWorld();
    const bare = emulator.cloud.addInterface({ privateIps: ['127.0.0.99'] });
    emulator.cloud.associate({ allocationId, networkInterfaceId: bare.networkInterfaceId });
    expect((await address())?.InstanceId).toBeUndefined();
    const steal = new AssociateAddressCommand({
      AllocationId: allocationId,
      InstanceId: emulator.cloud.instanceOf('aux').instanceId,
      AllowReassociation: false,
    });
    await expect(ec2.send(steal)).rejects.toMatchObject({ name: 'Resource.AlreadyAssociated' });
  });

  test('displaces an Elastic IP that is already on the target private address', async () => {
    const { emulator, ec2, associate, interfaceOf } = await startWorld();
    const other = emulator.cloud.allocate();
    emulator.cloud.associate({ allocationId: other.allocationId, networkInterfaceId: interfaceOf('aux') });
    await associate('aux', { AllowReassociation: false });
    const { Addresses } = await ec2.send(new DescribeAddressesCommand({ PublicIps: [other.publicIp] }));
    expect(Addresses?.[0]?.AssociationId).toBeUndefined();
  });

  test('answers the same association when the address is already there', async () => {
    const { associate } = await startWorld();
    const first = await associate('main');
    expect((await associate('main')).AssociationId).toBe(first.AssociationId);
  });

  test('refuses an instance id when the instance has two interfaces', async () => {
    const { emulator, ec2, allocationId } = await startWorld();
    emulator.cloud.addInterface({ attachTo: 'main', privateIps: ['127.0.0.21'] });
    const InstanceId = emulator.cloud.instanceOf('main').instanceId;
    await expect(
      ec2.send(new AssociateAddressCommand({ AllocationId: allocationId, InstanceId })),
    ).rejects.toMatchObject({ name: 'InvalidInstanceID' });
  });

  test.each([
    ['InvalidAllocationID.NotFound', { AllocationId: 'eipalloc-0ffffffffffffffff' }],
    ['InvalidNetworkInterfaceID.NotFound', { NetworkInterfaceId: 'eni-0ffffffffffffffff' }],
    ['InvalidParameterValue', { PrivateIpAddress: '127.0.0.77' }],
  ])('answers %s for what does not exist', async (name, wrong) => {
    const { associate } = await startWorld();
    await expect(associate('main', wrong)).rejects.toMatchObject({ name });
  });

  test('answers DryRunOperation and changes nothing when asked only whether it might', async () => {
    const { associate, address } = await startWorld();
    await expect(associate('main', { DryRun: true })).rejects.toMatchObject({ name: 'DryRunOperation' });
    expect((await address())?.AssociationId).toBeUndefined();
  });
});

describe('DisassociateAddress', () => {
  test('frees the address', async () => {
    const { ec2, associate, address } = await startWorld();
    const { AssociationId } = await associate('main');
    await ec2.send(new DisassociateAddressCommand({ AssociationId }));
    expect((await address())?.AssociationId).toBeUndefined();
  });

  test('succeeds with an association that is over, and leaves the newer one alone', async () => {
    const { ec2, associate, address, interfaceOf } = await startWorld();
    const { AssociationId } = await associate('main');
    await associate('aux');
    await ec2.send(new DisassociateAddressCommand({ AssociationId }));
    expect((await address())?.NetworkInterfaceId).toBe(interfaceOf('aux'));
  });

  test('answers InvalidAssociationID.NotFound for one that never was', async () => {
    const { ec2 } = await startWorld();
    const never = new DisassociateAddressCommand({ AssociationId: 'eipassoc-0ffffffffffffffff' });
    await expect(ec2.send(never)).rejects.toMatchObject({ name: 'InvalidAssociationID.NotFound' });
  });
});

describe('instances', () => {
  test('a stopped instance keeps its address and shows only with IncludeAllInstances', async () => {
    const { emulator, ec2, associate, address, interfaceOf } = await startWorld();
    await associate('main');
    emulator.cloud.setInstanceState('main', 'stopped');
    const InstanceIds = [emulator.cloud.instanceOf('main').instanceId];
    const running = await ec2.send(new DescribeInstanceStatusCommand({ InstanceIds }));
    expect(running.InstanceStatuses ?? []).toEqual([]);
    const all = await ec2.send(new DescribeInstanceStatusCommand({ InstanceIds, IncludeAllInstances: true }));
    expect(all.InstanceStatuses?.[0]).toMatchObject({
      InstanceState: { Code: 80, Name: 'stopped' },
      SystemStatus: { Status: 'not-applicable' },
    });
    expect((await address())?.NetworkInterfaceId).toBe(interfaceOf('main'));
  });

  test('terminating an instance frees its address and deletes its interface', async () => {
    const { emulator, associate, address } = await startWorld();
    await associate('main');
    emulator.cloud.setInstanceState('main', 'terminated');
    expect((await address())?.AssociationId).toBeUndefined();
    await expect(async () => associate('main')).rejects.toThrow('has no interface');
  });

  test('failed checks and planned events show in DescribeInstanceStatus', async () => {
    const { emulator, ec2 } = await startWorld();
    const notBeforeMs = Date.UTC(2030, 5, 1);
    emulator.cloud.setStatusChecks('aux', 'impaired');
    emulator.cloud.setScheduledEvents('aux', [
      { code: 'instance-retirement', description: 'The host <is> old & tired', notBeforeMs },
    ]);
    const InstanceIds = [emulator.cloud.instanceOf('aux').instanceId];
    const { InstanceStatuses } = await ec2.send(new DescribeInstanceStatusCommand({ InstanceIds }));
    expect(InstanceStatuses?.[0]).toMatchObject({
      InstanceStatus: { Status: 'impaired', Details: [{ Name: 'reachability', Status: 'failed' }] },
      Events: [{ Code: 'instance-retirement', Description: 'The host <is> old & tired' }],
    });
    expect(InstanceStatuses?.[0]?.Events?.[0]?.NotBefore?.getTime()).toBe(notBeforeMs);
  });

  test('DescribeInstances and DescribeNetworkInterfaces agree on who holds what', async () => {
    const { ec2, associate, interfaceOf } = await startWorld();
    await associate('aux');
    const byName = new DescribeInstancesCommand({ Filters: [{ Name: 'tag:Name', Values: ['aux'] }] });
    const instance = (await ec2.send(byName)).Reservations?.[0]?.Instances?.[0];
    expect(instance).toMatchObject({ PublicIpAddress: PUBLIC_IP, PrivateIpAddress: '127.0.0.12' });
    const { NetworkInterfaces } = await ec2.send(
      new DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: [interfaceOf('aux')] }),
    );
    expect(NetworkInterfaces?.[0]).toMatchObject({
      Attachment: { InstanceId: instance?.InstanceId, DeviceIndex: 0 },
      PrivateIpAddresses: [{ Primary: true, Association: { PublicIp: PUBLIC_IP } }],
    });
    expect(instance?.NetworkInterfaces?.[0]?.NetworkInterfaceId).toBe(interfaceOf('aux'));
  });
});

test('AllocateAddress gives an address that DescribeAddresses lists with its tags', async () => {
  const { emulator } = await startEmulator();
  const { ec2 } = clientsOf(emulator);
  const { AllocationId } = await ec2.send(
    new AllocateAddressCommand({
      Domain: 'vpc',
      TagSpecifications: [{ ResourceType: 'elastic-ip', Tags: [{ Key: 'group', Value: 'web' }] }],
    }),
  );
  const { Addresses } = await ec2.send(new DescribeAddressesCommand({}));
  expect(Addresses).toHaveLength(2);
  expect(Addresses?.find((one) => one.AllocationId === AllocationId)?.Tags).toEqual([
    { Key: 'group', Value: 'web' },
  ]);
});

test('a stale fault answers describes with the world as it was', async () => {
  const clock = manualClock();
  const { emulator, allocationId } = await startEmulator({ nowMs: clock.nowMs });
  const { ec2 } = clientsOf(emulator);
  const networkInterfaceId = emulator.cloud.interfaceOf('main').networkInterfaceId;
  clock.advance(10_000);
  emulator.cloud.associate({ allocationId, networkInterfaceId });
  const holder = async () =>
    (await ec2.send(new DescribeAddressesCommand({}))).Addresses?.[0]?.NetworkInterfaceId;
  emulator.faults.inject({ call: 'DescribeAddresses', fault: { kind: 'stale', ageMs: 5_000 } });
  clock.advance(4_999);
  expect(await holder()).toBeUndefined();
  clock.advance(1);
  expect(await holder()).toBe(networkInterfaceId);
});
