import {
  AllocateAddressCommand,
  DescribeAddressesCommand,
  ReleaseAddressCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { associate } from '../../support/netns/ec2-corrections.ts';
import { AUX_TAKES_OVER, NOTHING_HAPPENS } from './expectations.ts';
import type { Fault } from './fault.ts';
import type { FaultWorld } from './fault-world.ts';
import { cutConnections, openConnections } from './support/connections.ts';

const ROLE_PATH = 'meta-data/iam/security-credentials/eipkeeper-test';

/** Where the address is put by hand: the interface of an instance that is none of the nodes. */
async function foreignInterface(
  world: FaultWorld,
): Promise<{ networkInterfaceId: string; privateIp: string }> {
  const { ec2 } = world.cluster.account;
  const { Instances: made } = await ec2.send(
    new RunInstancesCommand({ ImageId: 'ami-12c6146b', InstanceType: 't3.micro', MinCount: 1, MaxCount: 1 }),
  );
  const instance = made![0]!;
  world.onHeal(async () => {
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [instance.InstanceId!] }));
  });
  const card = instance.NetworkInterfaces![0]!;
  return { networkInterfaceId: card.NetworkInterfaceId!, privateIp: card.PrivateIpAddress! };
}

/** Another Elastic IP on the private address where the cluster's would go; gives how to take it away again. */
async function strangerOnAux(world: FaultWorld): Promise<() => Promise<void>> {
  const { ec2 } = world.cluster.account;
  const { AllocationId: allocationId = '' } = await ec2.send(new AllocateAddressCommand({ Domain: 'vpc' }));
  const release = async () => {
    await ec2.send(new ReleaseAddressCommand({ AllocationId: allocationId }));
  };
  const { networkInterfaceId, addresses } = world.node('aux');
  await associate(ec2, { allocationId, networkInterfaceId, privateIp: addresses[0]! });
  return release;
}

/** Found when the configuration is read, and every five minutes. */
async function lookAtPlace(world: FaultWorld): Promise<void> {
  await world.order('aux', { type: 'reload' });
}

async function occupiedPlace(world: FaultWorld): Promise<void> {
  const free = await strangerOnAux(world);
  await lookAtPlace(world);
  // On the other node: every node tells why it could not lead.
  const reason = await world.until('main to hear that aux cannot lead', async () => {
    const { candidates } = await world.group('main');
    return candidates.find(({ node, eligible }) => node === 'aux' && !eligible)?.reason;
  });
  world.check(/already/.test(reason), `it said: ${reason}`);
  const answer = await world.move('aux', { on: 'main', timeoutMs: 5_000 });
  world.check(answer.status === 'refused', `a switchover to it was ${answer.status}`);
  await world.killNode('main');
  await world.sleep(4_000);
  world.check(world.termsCreated('aux').length === 0, 'it claimed what would push off another address');
  await free();
  await lookAtPlace(world);
  await world.untilLeads('aux');
}

async function putOn(
  world: FaultWorld,
  target: { networkInterfaceId: string; privateIp: string },
): Promise<void> {
  const { ec2, allocationId } = world.cluster.account;
  await associate(ec2, { allocationId, ...target });
  await world.cluster.address.follow();
}

/** Soon after a move the leader looks every second, later every 40 s: these tests wait for the former. */
async function justMoved(world: FaultWorld): Promise<void> {
  await world.bring('aux');
  await world.bring('main');
  await world.rest();
  await world.begin();
}

async function expiringCredentials(world: FaultWorld): Promise<void> {
  const { instanceId } = world.node('aux');
  const credentials = {
    Code: 'Success',
    Type: 'AWS-HMAC',
    LastUpdated: new Date().toISOString(),
    AccessKeyId: 'test',
    SecretAccessKey: 'test',
    Token: 'test',
    Expiration: new Date(Date.now() + 8_000).toISOString(),
  };
  world.cluster.metadata.set(instanceId, ROLE_PATH, JSON.stringify(credentials));
  await world.killNode('aux');
  await world.startDaemon('aux');
  await world.until('aux to be back', () => world.status('aux'));
  world.cluster.metadata.failFor(instanceId, 30_000);
  const ineligible = async () => {
    const { candidates } = await world.group('aux');
    return candidates.find(({ node, eligible }) => node === 'aux' && !eligible)?.reason;
  };
  const reason = await world.until('aux to say that it cannot lead', ineligible, 40_000);
  world.check(/credentials/.test(reason), `it said: ${reason}`);
  const answer = await world.move('aux', { on: 'main', timeoutMs: 5_000 });
  world.check(answer.status === 'refused', `a switchover to it was ${answer.status}`);
}

export const EC2_FAULTS: readonly Fault[] = [
  {
    number: '41',
    name: 'standby without EC2: no claim',
    category: 'ec2',
    setup: 'pair',
    expected: { ...AUX_TAKES_OVER, gapMsMost: 15_000 },
    script: async (world) => {
      world.ec2Fault({ kind: 'hang', node: 'aux' });
      await world.killNode('main');
      await world.sleep(6_000);
      world.check(world.termsCreated('aux').length === 0, 'it claimed what it could not use');
      await world.heal();
      await world.untilLeads('aux');
    },
    remark: 'for 6 s; the takeover follows when EC2 is back',
  },
  {
    number: '42a',
    name: 'somebody moves the address by hand onto a node: restored',
    category: 'ec2',
    setup: 'pair',
    expected: { ...NOTHING_HAPPENS, moves: 2, gapMsMost: 5_000 },
    script: async (world) => {
      await justMoved(world);
      await world.cluster.placeAddress('aux');
      await world.until(
        'the address to be back',
        () => world.cluster.address.holder === world.node('main').networkInterfaceId,
      );
    },
    remark: 'soon after a move, when the leader looks every second; otherwise it is seen within 40 s',
  },
  {
    number: '42b',
    name: 'somebody moves it by hand onto a foreign interface: restored once',
    category: 'ec2',
    setup: 'pair',
    expected: { serves: 'main', moves: 4, lost: 'some', gapMsMost: 20_000 },
    script: async (world) => {
      await justMoved(world);
      const stranger = await foreignInterface(world);
      const { address } = world.cluster;
      await putOn(world, stranger);
      await world.until('it to be restored', () => address.holder === world.node('main').networkInterfaceId);
      await putOn(world, stranger);
      await world.sleep(4_000);
      world.check(
        address.holder === stranger.networkInterfaceId,
        'it was taken from the stranger a second time',
      );
      await world.until('status to say so', async () =>
        /foreign/.test((await world.group('main')).address.complaint),
      );
      await world.cluster.placeAddress('main');
    },
    remark: 'the second time it stays there and status says so; given back by hand at the end',
  },
  {
    number: '44',
    name: 'target interface already has an address: found before claiming',
    category: 'ec2',
    setup: 'pair',
    expected: { ...AUX_TAKES_OVER, gapMsMost: 25_000 },
    script: occupiedPlace,
    remark:
      'seen after a reload, which spares the wait for the look every five minutes; taken over when it is free',
  },
  {
    number: '45',
    name: 'credentials expired: not eligible, early',
    category: 'ec2',
    setup: 'pair',
    expected: NOTHING_HAPPENS,
    script: expiringCredentials,
    remark: 'of the standby; its metadata service is gone as well',
  },
  {
    number: '37',
    name: 'timeout after it was applied: describe again, no second move',
    category: 'ec2',
    setup: 'pair',
    expected: { ...AUX_TAKES_OVER, gapMsMost: 5_000 },
    script: async (world) => {
      world.injectApi({ kind: 'withhold-answer', node: 'aux', call: 'AssociateAddress', times: 1 });
      await world.killNode('main');
      await world.untilLeads('aux', 25_000);
      const calls = world.calls({ node: 'aux', call: 'AssociateAddress' }).length;
      world.check(calls === 1, `it was moved ${calls} times`);
    },
  },
  {
    number: '46',
    name: 'the API path dies as the address leaves: fresh connection',
    category: 'ec2',
    setup: 'pair',
    expected: { ...AUX_TAKES_OVER, gapMsMost: 5_000 },
    script: async (world) => {
      await world.killNode('main');
      await world.until(
        'aux to move it',
        () => world.calls({ node: 'aux', call: 'AssociateAddress' }).length > 0,
      );
      await cutConnections(world.node('aux'), await openConnections(world.node('aux')));
      await world.untilLeads('aux', 25_000);
      const { length } = world.calls({ node: 'aux' });
      await world.until('calls that are answered again', () =>
        world
          .calls({ node: 'aux' })
          .slice(length)
          .some(({ status }) => status === 200),
      );
    },
    remark: 'every connection of the new leader to the API falls silent while its move is under way',
  },
  {
    number: '47a',
    name: 'instance stopped',
    category: 'ec2',
    setup: 'pair',
    expected: AUX_TAKES_OVER,
    script: async (world) => {
      await world.stopInstance('main');
      await world.killNode('main');
    },
  },
  {
    number: '47b',
    name: 'instance terminated',
    category: 'ec2',
    setup: 'pair',
    // EC2 frees the address of a terminated instance: that is a move too.
    expected: { ...AUX_TAKES_OVER, moves: [1, 2] },
    script: async (world) => {
      const { ec2 } = world.cluster.account;
      await ec2.send(new TerminateInstancesCommand({ InstanceIds: [world.node('main').instanceId] }));
      await world.killNode('main');
    },
  },
  {
    number: '70',
    name: 'EC2 says stopped while the witness is down: moved in 4 s',
    category: 'ec2',
    setup: 'impatient',
    expected: { ...AUX_TAKES_OVER, moves: 2, gapMsMost: 9_000 },
    script: async (world) => {
      const heal = world.witnessFault({ kind: 'unavailable' });
      // Nobody acts in the first 3 s of its life.
      await world.sleep(3_000);
      await world.stopInstance('main');
      await world.killNode('main');
      await world.untilServes('aux', 12_000);
      await world.until('aux to say that it acts', async () => (await world.group('aux')).role === 'acting');
      heal();
      await world.untilLeads('aux', 10_000);
    },
    remark: 'by the two steps: it is free in between; the term is written when the witness is back',
  },
  {
    number: '37b',
    name: 'the move fails and the connection breaks: tried again',
    category: 'ec2',
    setup: 'pair',
    expected: { ...AUX_TAKES_OVER, gapMsMost: 8_000 },
    script: async (world) => {
      world.injectApi({ kind: 'reset', node: 'aux', call: 'AssociateAddress', times: 1 });
      world.injectApi({ kind: 'throttled', node: 'aux', call: 'AssociateAddress', times: 1 });
      await world.killNode('main');
      await world.untilLeads('aux', 25_000);
      const calls = world.calls({ node: 'aux', call: 'AssociateAddress' }).length;
      world.check(calls === 3, `it took ${calls} calls instead of 3`);
    },
    remark: 'not of the catalogue: one reset, then one throttled call',
  },
  {
    number: '43',
    name: 'address released: alarm, no loop',
    category: 'ec2',
    setup: 'pair',
    expected: { serves: 'either', moves: 1, lost: 'some', gapMsMost: 60_000 },
    script: async (world) => {
      await justMoved(world);
      const { ec2, allocationId } = world.cluster.account;
      await world.releaseAddress();
      const gone = await ec2
        .send(new DescribeAddressesCommand({ AllocationIds: [allocationId] }))
        .catch((error: Error) => error.name);
      world.check(gone === 'InvalidAllocationID.NotFound', 'the address was not released');
      await world.until('an alarm', async () => (await world.group('main')).address.complaint, 10_000);
      const before = world.calls().length;
      const ms = 5_000;
      await world.sleep(ms);
      const calls = world.calls().length - before;
      world.counted['calls a second'] = Math.round((calls * 10_000) / ms) / 10;
      world.check(calls < 20, `${calls} calls in ${ms} ms about an address that is gone`);
      world.check(await world.runsNginx('main'), 'the service was stopped');
    },
  },
];
