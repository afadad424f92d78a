import {
  AssignPrivateIpAddressesCommand,
  AssociateAddressCommand,
  DescribeAddressesCommand,
  DescribeInstanceStatusCommand,
  DescribeNetworkInterfacesCommand,
  DisassociateAddressCommand,
  UnassignPrivateIpAddressesCommand,
} from '@aws-sdk/client-ec2';
import type { AwsClients } from '../../cloud/aws-clients.ts';
import type { Outcome } from '../../cloud/bounded-call.ts';
import { errorCode } from '../../cloud/cloud-error.ts';
import type { PlannedAddress } from '../../runtime/cloud-plan.ts';
import { type Check, type Finding, needs, ok } from '../check.ts';
import { callFailure } from '../explain-error.ts';

const CALL_TIMEOUT_MS = 5_000;

interface Permission {
  /** "AssociateAddress" */
  readonly call: string;
  ask(options: { readonly abortSignal: AbortSignal }): Promise<unknown>;
}

/** Every call that a node makes of EC2, with DryRun: EC2 then says whether it would have been allowed. */
export const ec2Permissions: Check = {
  name: 'EC2 role',
  async look(context, signal) {
    const clients = await needs('the configuration or the metadata', context.clients());
    const groups = await needs('its place among the nodes', context.cloudGroups());
    const { identity } = await context.machine();
    const addresses = [...groups.values()].flatMap((group) => group.addresses);
    const permissions = [
      instanceStatus(clients, identity.instanceId),
      ...(await Promise.all(addresses.map((address) => ofAddress(clients, address, signal)))).flat(),
    ];
    const asked = await Promise.all(permissions.map((permission) => ask(clients, permission, signal)));
    const failures = asked.filter((finding) => finding !== null);
    const calls = [...new Set(permissions.map(({ call }) => call))];
    return failures.length > 0 ? failures : [ok(`allows ${calls.join(', ')}`)];
  },
};

async function ask(
  clients: AwsClients,
  { call, ask: send }: Permission,
  signal: AbortSignal,
): Promise<Finding | null> {
  const outcome: Outcome<unknown> = await clients.call(
    { operation: `EC2 ${call}`, service: 'ec2', kind: 'write' },
    { signal, deadlineMs: CALL_TIMEOUT_MS },
    send,
  );
  // EC2 says yes to a dry run by an error.
  if (outcome.status === 'answered' || errorCode(outcome.error) === 'DryRunOperation') return null;
  // Only with the flag that forbids it does an address that is elsewhere refuse; it may be asked for all the same.
  if (errorCode(outcome.error) === 'Resource.AlreadyAssociated') return null;
  return callFailure(
    outcome.result,
    `the role needs ec2:${call}, on the address, the interface and the instance`,
  );
}

function instanceStatus(clients: AwsClients, instanceId: string): Permission {
  const input = { InstanceIds: [instanceId], IncludeAllInstances: true, DryRun: true };
  return {
    call: 'DescribeInstanceStatus',
    ask: (options) => clients.ec2.send(new DescribeInstanceStatusCommand(input), options),
  };
}

function ofAddress(
  clients: AwsClients,
  planned: PlannedAddress,
  signal: AbortSignal,
): Promise<readonly Permission[]> | readonly Permission[] {
  return planned.type === 'elastic-ip'
    ? ofElasticIp(clients, planned, signal)
    : ofPrivateIp(clients, planned);
}

async function ofElasticIp(
  clients: AwsClients,
  { id, target }: Extract<PlannedAddress, { type: 'elastic-ip' }>,
  signal: AbortSignal,
): Promise<readonly Permission[]> {
  const wanted =
    id.kind === 'allocation' ? { AllocationIds: [id.allocationId] } : { PublicIps: [id.publicAddress] };
  const described = await clients.call(
    { operation: 'EC2 DescribeAddresses', service: 'ec2', kind: 'read' },
    { signal, deadlineMs: CALL_TIMEOUT_MS },
    (options) => clients.ec2.send(new DescribeAddressesCommand(wanted), options),
  );
  const describe: Permission = {
    call: 'DescribeAddresses',
    ask: (options) => clients.ec2.send(new DescribeAddressesCommand({ DryRun: true }), options),
  };
  const address = described.status === 'answered' ? described.answer.Addresses?.[0] : undefined;
  if (address?.AllocationId === undefined) return [describe];
  const associate = {
    AllocationId: address.AllocationId,
    NetworkInterfaceId: target.networkInterfaceId,
    PrivateIpAddress: target.privateAddress,
    AllowReassociation: true,
    DryRun: true,
  };
  const permissions: Permission[] = [
    describe,
    {
      call: 'AssociateAddress',
      ask: (options) => clients.ec2.send(new AssociateAddressCommand(associate), options),
    },
  ];
  // Of a free address there is nothing to dissolve, and EC2 says of an id that is made up that it does not exist.
  const { AssociationId } = address;
  if (AssociationId) {
    permissions.push({
      call: 'DisassociateAddress',
      ask: (options) =>
        clients.ec2.send(new DisassociateAddressCommand({ AssociationId, DryRun: true }), options),
    });
  }
  return permissions;
}

function ofPrivateIp(
  clients: AwsClients,
  { address, target }: Extract<PlannedAddress, { type: 'private-ip' }>,
): readonly Permission[] {
  const { networkInterfaceId: NetworkInterfaceId } = target;
  const input = { NetworkInterfaceId, PrivateIpAddresses: [address], DryRun: true };
  return [
    {
      call: 'DescribeNetworkInterfaces',
      ask: (options) => clients.ec2.send(new DescribeNetworkInterfacesCommand({ DryRun: true }), options),
    },
    {
      call: 'AssignPrivateIpAddresses',
      ask: (options) =>
        clients.ec2.send(new AssignPrivateIpAddressesCommand({ ...input, AllowReassignment: true }), options),
    },
    {
      call: 'UnassignPrivateIpAddresses',
      ask: async (options) => {
        try {
          return await clients.ec2.send(new UnassignPrivateIpAddressesCommand(input), options);
        } catch (error) {
          // It is not here to be given up: that was judged after the permission.
          if (/^Invalid(ParameterValue|NetworkInterface)/.test(errorCode(error))) return null;
          throw error;
        }
      },
    },
  ];
}
