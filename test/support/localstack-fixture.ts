import { setTimeout as sleep } from 'node:timers/promises';
import {
  AllocateAddressCommand,
  AssignPrivateIpAddressesCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DeleteSubnetCommand,
  DeleteVpcCommand,
  DescribeInstanceStatusCommand,
  type EC2Client,
  ReleaseAddressCommand,
  RunInstancesCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import type { CloudFixture, FixtureNode } from '../contract/backend.ts';

/** An image id that LocalStack knows without loading its list of images, which takes seconds. */
const IMAGE_ID = 'ami-12c6146b';

/** A small VPC: two running instances in one subnet and two free Elastic IPs. */
export async function makeVpcFixture(ec2: EC2Client): Promise<CloudFixture> {
  const vpcId = known((await ec2.send(new CreateVpcCommand({ CidrBlock: '10.77.0.0/16' }))).Vpc?.VpcId);
  const subnet = await ec2.send(new CreateSubnetCommand({ VpcId: vpcId, CidrBlock: '10.77.1.0/24' }));
  const subnetId = known(subnet.Subnet?.SubnetId);
  const main = await runInstance(ec2, subnetId, '10.77.1.10');
  const aux = await runInstance(ec2, subnetId, '10.77.1.11');
  const first = await ec2.send(new AllocateAddressCommand({ Domain: 'vpc' }));
  const second = await ec2.send(new AllocateAddressCommand({ Domain: 'vpc' }));
  const allocationIds: [string, string] = [known(first.AllocationId), known(second.AllocationId)];
  return {
    nodes: [main, aux],
    allocationIds,
    subnetId,
    publicAddress: known(first.PublicIp),
    async stopInstance(instanceId) {
      await ec2.send(new StopInstancesCommand({ InstanceIds: [instanceId] }));
      await untilState(ec2, instanceId, 'stopped');
    },
    async startInstance(instanceId) {
      await ec2.send(new StartInstancesCommand({ InstanceIds: [instanceId] }));
      await untilState(ec2, instanceId, 'running');
    },
    async cleanUp() {
      for (const allocationId of allocationIds) {
        await ec2.send(new ReleaseAddressCommand({ AllocationId: allocationId }));
      }
      await ec2.send(new TerminateInstancesCommand({ InstanceIds: [main.instanceId, aux.instanceId] }));
      await ec2.send(new DeleteSubnetCommand({ SubnetId: subnetId }));
      await ec2.send(new DeleteVpcCommand({ VpcId: vpcId }));
    },
  };
}

async function runInstance(ec2: EC2Client, subnetId: string, privateAddress: string): Promise<FixtureNode> {
  const answer = await ec2.send(
    new RunInstancesCommand({
      ImageId: IMAGE_ID,
      InstanceType: 't3.micro',
      MinCount: 1,
      MaxCount: 1,
      SubnetId: subnetId,
      PrivateIpAddress: privateAddress,
    }),
  );
  const instance = answer.Instances?.[0];
  const networkInterfaceId = known(instance?.NetworkInterfaces?.[0]?.NetworkInterfaceId);
  const second = { networkInterfaceId, privateAddress: `${privateAddress}0` };
  await ec2.send(
    new AssignPrivateIpAddressesCommand({
      NetworkInterfaceId: networkInterfaceId,
      PrivateIpAddresses: [second.privateAddress],
    }),
  );
  return { instanceId: known(instance?.InstanceId), networkInterfaceId, privateAddress, second };
}

async function untilState(ec2: EC2Client, instanceId: string, state: string): Promise<void> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const command = new DescribeInstanceStatusCommand({
      InstanceIds: [instanceId],
      IncludeAllInstances: true,
    });
    const status = (await ec2.send(command)).InstanceStatuses?.[0];
    if (status?.InstanceState?.Name === state) return;
    await sleep(50);
  }
  throw new Error(`${instanceId} did not become ${state}`);
}

function known(value: string | undefined): string {
  if (value === undefined || value === '') throw new Error('the backend left a field out of its answer');
  return value;
}
