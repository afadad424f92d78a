import { BlockList } from 'node:net';
import { DescribeNetworkInterfacesCommand, type NetworkInterface } from '@aws-sdk/client-ec2';
import { EXIT } from '../../control/exit-codes.ts';
import type { CloudGroup, PlannedAddress } from '../../runtime/cloud-plan.ts';
import { type Check, type Finding, failure, needs, ok, warning } from '../check.ts';
import { callFailure } from '../explain-error.ts';

const CALL_TIMEOUT_MS = 5_000;

type PlannedPrivateIp = Extract<PlannedAddress, { type: 'private-ip' }>;

/** Whether the private addresses that move could come here: within the subnet, and from whom. */
export const privateAddresses: Check = {
  name: 'private ip',
  async look(context, signal) {
    const clients = await needs('the configuration or the metadata', context.clients());
    const groups = await needs('its place among the nodes', context.cloudGroups());
    const machine = await context.machine();
    const find = async ({ address, target }: PlannedPrivateIp) => {
      const command = new DescribeNetworkInterfacesCommand({
        Filters: [
          { Name: 'subnet-id', Values: [target.subnetId] },
          { Name: 'addresses.private-ip-address', Values: [address] },
        ],
      });
      return clients.call(
        { operation: 'EC2 DescribeNetworkInterfaces', service: 'ec2', kind: 'read' },
        { signal, deadlineMs: CALL_TIMEOUT_MS },
        (options) => clients.ec2.send(command, options),
      );
    };
    const findings = [...groups].flatMap(([group, planned]) =>
      privateIps(planned).map(async (one): Promise<Finding> => {
        const label = `${group}: ${one.address}`;
        const network = await machine.networkOf(one.target.networkInterfaceId, signal);
        if (network !== null && !isWithin(one.address, network)) {
          return failure(
            `${label} is not within ${network}, the subnet of ${one.target.networkInterfaceId}`,
            'take an address of that subnet, or name another interface with interfaceAddress',
            EXIT.misconfigured,
          );
        }
        const found = await find(one);
        if (found.status === 'failed')
          return callFailure(found.result, 'the role needs ec2:DescribeNetworkInterfaces');
        return judge(label, one, found.answer.NetworkInterfaces?.[0], planned);
      }),
    );
    return Promise.all(findings);
  },
};

const privateIps = ({ addresses }: CloudGroup): readonly PlannedPrivateIp[] =>
  addresses.filter((planned) => planned.type === 'private-ip');

function judge(
  label: string,
  { address, target }: PlannedPrivateIp,
  holder: NetworkInterface | undefined,
  { findNode }: CloudGroup,
): Finding {
  if (holder === undefined) return ok(`${label} is free to come here`);
  const { NetworkInterfaceId = '', Attachment, PrivateIpAddresses = [] } = holder;
  const primary = PrivateIpAddresses.some((one) => one.PrivateIpAddress === address && one.Primary === true);
  if (primary) {
    return failure(
      `${label} is the primary address of ${NetworkInterfaceId}, which EC2 never moves`,
      'take an address of the subnet that nobody has',
      EXIT.misconfigured,
    );
  }
  if (NetworkInterfaceId === target.networkInterfaceId) return ok(`${label} is here`);
  const instanceId = Attachment?.InstanceId ?? '';
  const node = PrivateIpAddresses.map(({ PrivateIpAddress = '' }) =>
    PrivateIpAddress === address ? null : findNode(NetworkInterfaceId, PrivateIpAddress, instanceId),
  ).find((name) => name !== null);
  if (node !== undefined) return ok(`${label} is on ${node}`);
  return warning(
    `${label} is on ${NetworkInterfaceId} (${instanceId || 'no instance'}), which is none of the nodes: a takeover will not take it from there`,
    'free it ("aws ec2 unassign-private-ip-addresses"), or move it once with "eipkeeper failover --force"',
  );
}

function isWithin(address: string, network: string): boolean {
  const [base = '', prefix = ''] = network.split('/');
  const list = new BlockList();
  list.addSubnet(base, Number(prefix));
  return list.check(address);
}
