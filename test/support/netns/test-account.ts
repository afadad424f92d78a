import {
  AllocateAddressCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  EC2Client,
  ReleaseAddressCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import type { TopologyNode } from './topology.ts';

export const REGION = 'eu-central-1';

export interface TestInstance {
  readonly instanceId: string;
  readonly networkInterfaceId: string;
  readonly privateIp: string;
  readonly availabilityZone: string;
}

/** What a cluster has in the account: an instance per node and one Elastic IP, associated with nothing. */
export interface TestAccount {
  /** Straight to LocalStack, past the proxy with its delays and faults. */
  readonly ec2: EC2Client;
  readonly allocationId: string;
  /** By node, in order. */
  readonly instances: readonly TestInstance[];
  close(): Promise<void>;
}

/** Any image LocalStack knows. */
const IMAGE = 'ami-12c6146b';

export async function createTestAccount(
  endpoint: string,
  nodes: readonly TopologyNode[],
): Promise<TestAccount> {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const ec2 = new EC2Client({ endpoint, region: REGION, credentials });
  const { Vpc: vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.77.0.0/16' }));
  const subnetInput = { VpcId: vpc?.VpcId, CidrBlock: '10.77.0.0/24' };
  const { Subnet: subnet } = await ec2.send(new CreateSubnetCommand(subnetInput));
  const instances: TestInstance[] = [];
  for (const node of nodes) {
    const privateIp = node.addresses[0]!;
    const { Instances: made } = await ec2.send(
      new RunInstancesCommand({
        ImageId: IMAGE,
        InstanceType: 't3.micro',
        MinCount: 1,
        MaxCount: 1,
        NetworkInterfaces: [{ DeviceIndex: 0, SubnetId: subnet?.SubnetId, PrivateIpAddress: privateIp }],
      }),
    );
    const instance = made![0]!;
    instances.push({
      instanceId: instance.InstanceId!,
      networkInterfaceId: instance.NetworkInterfaces![0]!.NetworkInterfaceId!,
      privateIp,
      availabilityZone: instance.Placement!.AvailabilityZone!,
    });
  }
  const { AllocationId: allocationId } = await ec2.send(new AllocateAddressCommand({ Domain: 'vpc' }));
  return {
    ec2,
    allocationId: allocationId!,
    instances,
    close: async () => {
      const ids = instances.map(({ instanceId }) => instanceId);
      await ec2.send(new TerminateInstancesCommand({ InstanceIds: ids }));
      await ec2.send(new ReleaseAddressCommand({ AllocationId: allocationId }));
      ec2.destroy();
    },
  };
}
