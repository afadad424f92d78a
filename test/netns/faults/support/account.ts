import {
  DescribeAddressesCommand,
  DisassociateAddressCommand,
  ReleaseAddressCommand,
  StopInstancesCommand,
} from '@aws-sdk/client-ec2';
import type { Cluster } from '../../../support/netns/cluster.ts';

/** What an operator does in the account, past the proxy with its delays and faults. */
export async function stopInstance({ account }: Cluster, instanceId: string): Promise<void> {
  await account.ec2.send(new StopInstancesCommand({ InstanceIds: [instanceId] }));
}

export async function freeAddress({ account, address }: Cluster): Promise<void> {
  const { ec2, allocationId } = account;
  const { Addresses: found } = await ec2.send(
    new DescribeAddressesCommand({ AllocationIds: [allocationId] }),
  );
  await ec2.send(new DisassociateAddressCommand({ AssociationId: found?.[0]?.AssociationId }));
  await address.follow();
}

export async function releaseAddress(cluster: Cluster): Promise<void> {
  await freeAddress(cluster);
  const { ec2, allocationId } = cluster.account;
  await ec2.send(new ReleaseAddressCommand({ AllocationId: allocationId }));
}
