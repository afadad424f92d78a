import type { Address } from '@aws-sdk/client-ec2';
import { type AddressId, ElasticIpReader } from '../../cloud/elastic-ip-reader.ts';
import { EXIT } from '../../control/exit-codes.ts';
import type { CloudGroup, PlannedAddress } from '../../runtime/cloud-plan.ts';
import { type Check, type Finding, failure, needs, ok, warning } from '../check.ts';
import { callFailure } from '../explain-error.ts';

const CALL_TIMEOUT_MS = 5_000;

type PlannedElasticIp = Extract<PlannedAddress, { type: 'elastic-ip' }>;

/** Whether the Elastic IPs exist and could come here: from whom, and from which border group. */
export const address: Check = {
  name: 'address',
  async look(context, signal) {
    const clients = await needs('the configuration or the metadata', context.clients());
    const groups = await needs('its place among the nodes', context.cloudGroups());
    const { availabilityZone } = (await context.machine()).identity;
    const reader = new ElasticIpReader(clients);
    const bounds = { signal, deadlineMs: CALL_TIMEOUT_MS };
    const findings = [...groups].flatMap(([name, group]) =>
      elasticIps(group).map(async ({ id }): Promise<Finding> => {
        const reading = await reader.read(id, bounds);
        if (reading.status === 'read') return judge(reading.address, name, group, availabilityZone);
        const advice = 'allocate it in this Region, or correct it in the configuration';
        return callFailure({ ...reading.failed, reason: `${labelOf(id)}: ${reading.failed.reason}` }, advice);
      }),
    );
    return Promise.all(findings);
  },
};

export const elasticIps = ({ addresses }: CloudGroup): readonly PlannedElasticIp[] =>
  addresses.filter((planned) => planned.type === 'elastic-ip');

const labelOf = (id: AddressId): string => (id.kind === 'allocation' ? id.allocationId : id.publicAddress);

function judge(found: Address, group: string, { findNode }: CloudGroup, zone: string): Finding {
  const label = `${group}: ${found.PublicIp} (${found.AllocationId})`;
  const border = borderGroupOf(zone);
  if (found.NetworkBorderGroup && found.NetworkBorderGroup !== border) {
    return failure(
      `${label} is advertised from ${found.NetworkBorderGroup}, and this instance is in ${border}: it cannot come here`,
      `allocate one in the network border group ${border}`,
      EXIT.misconfigured,
    );
  }
  if (!found.AssociationId) return ok(`${label} is free to come here`);
  const { NetworkInterfaceId = '', PrivateIpAddress = '', InstanceId = '' } = found;
  const node = findNode(NetworkInterfaceId, PrivateIpAddress, InstanceId);
  if (node !== null) return ok(`${label} is on ${node}`);
  return warning(
    `${label} is on ${NetworkInterfaceId} (${InstanceId || 'no instance'}), which is none of the nodes: a takeover will not take it from there`,
    'free it ("aws ec2 disassociate-address"), or move it once with "eipkeeper failover --force"',
  );
}

/** "us-west-2-lax-1a" is in the border group "us-west-2-lax-1"; of an ordinary zone it is the Region. */
export const borderGroupOf = (availabilityZone: string): string => availabilityZone.replace(/[a-z]$/, '');
