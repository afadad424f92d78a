import {
  AssociateAddressCommand,
  DescribeAddressesCommand,
  DescribeInstancesCommand,
  DisassociateAddressCommand,
  type EC2Client,
} from '@aws-sdk/client-ec2';
import { type ErrorAnswer, errorAnswer } from './api-fault.ts';
import type { ApiRequest } from './api-request.ts';

/** What is to be sent instead of the caller's request, or what to answer without sending anything. */
export type Correction =
  | { readonly action: 'forward'; readonly request: ApiRequest }
  | { readonly action: 'answer'; readonly answer: ErrorAnswer };

/**
 * Makes LocalStack's AssociateAddress behave as EC2's:
 * - AllowReassociation left out means true (LocalStack refuses);
 * - `false` refuses whatever names the target, instance or interface (LocalStack lets an instance steal);
 * - the address leaves the description of its old instance, and an address already on the target is displaced.
 */
export async function correctAssociateAddress(ec2: EC2Client, request: ApiRequest): Promise<Correction> {
  const form = new URLSearchParams(request.body.toString());
  const allocationId = form.get('AllocationId');
  if (allocationId === null || form.get('DryRun') === 'true') return { action: 'forward', request };
  const target = form.get('NetworkInterfaceId') ?? (await primaryInterface(ec2, form.get('InstanceId')));
  const { Addresses: addresses = [] } = await ec2.send(new DescribeAddressesCommand({}));
  const current = addresses.find((address) => address.AllocationId === allocationId);
  if (target === undefined || current === undefined) return { action: 'forward', request };
  const holder = current.NetworkInterfaceId ?? '';
  const elsewhere = holder !== '' && holder !== target;
  if (elsewhere && form.get('AllowReassociation') === 'false') {
    const message = `resource ${allocationId} is already associated with associate-id ${current.AssociationId}`;
    return { action: 'answer', answer: errorAnswer('ec2', 400, 'Resource.AlreadyAssociated', message) };
  }
  const displaced = addresses.filter(
    (address) => address.NetworkInterfaceId === target && address.AllocationId !== allocationId,
  );
  for (const address of elsewhere ? [current, ...displaced] : displaced) {
    await ec2.send(new DisassociateAddressCommand({ AssociationId: address.AssociationId }));
  }
  // Free now, it goes anywhere: whatever the flag, there is nobody left to refuse for.
  return { action: 'forward', request };
}

async function primaryInterface(ec2: EC2Client, instanceId: string | null): Promise<string | undefined> {
  if (instanceId === null) return undefined;
  const { Reservations: reservations } = await ec2.send(
    new DescribeInstancesCommand({ InstanceIds: [instanceId] }),
  );
  return reservations?.[0]?.Instances?.[0]?.NetworkInterfaces?.[0]?.NetworkInterfaceId;
}

/** The direct way, for tests that put an address somewhere behind the daemons' backs. */
export async function associate(
  ec2: EC2Client,
  address: { readonly allocationId: string; readonly networkInterfaceId: string; readonly privateIp: string },
): Promise<void> {
  await ec2.send(
    new AssociateAddressCommand({
      AllocationId: address.allocationId,
      NetworkInterfaceId: address.networkInterfaceId,
      PrivateIpAddress: address.privateIp,
      AllowReassociation: true,
    }),
  );
}
