import { ApiError } from './api-error.ts';
import type { CloudView, ElasticAddress, NetworkInterface } from './cloud-model.ts';

export interface AssignRequest {
  readonly networkInterfaceId: string;
  readonly privateIps: readonly string[];
  /** Left out means false, as on AWS, and otherwise than for an Elastic IP. */
  readonly allowReassignment: boolean;
}

/**
 * What AssignPrivateIpAddresses makes of interfaces and Elastic IPs: a secondary address that is on another interface
 * moves, and an Elastic IP on it moves with it. Throws ApiError, and changes nothing then.
 */
export function assigned(view: CloudView, request: AssignRequest): Partial<CloudView> {
  const { networkInterfaceId, privateIps, allowReassignment } = request;
  const target = interfaceNamed(view, networkInterfaceId);
  const interfaces = new Map(view.interfaces);
  const addresses = new Map(view.addresses);
  for (const privateIp of privateIps) {
    for (const other of view.interfaces.values()) {
      if (other.networkInterfaceId === networkInterfaceId || !other.privateIps.includes(privateIp)) continue;
      if (!allowReassignment || other.privateIps[0] === privateIp) {
        const why = allowReassignment ? 'it is a primary address' : 'move is not allowed';
        throw new ApiError(
          'InvalidParameterValue',
          `[${privateIp}] is assigned to ${other.networkInterfaceId}, but ${why}`,
        );
      }
      interfaces.set(other.networkInterfaceId, without(other, [privateIp]));
      for (const address of view.addresses.values()) {
        if (isOn(address, other.networkInterfaceId, privateIp) && address.association !== null) {
          const association = { ...address.association, networkInterfaceId };
          addresses.set(address.allocationId, { ...address, association });
        }
      }
    }
  }
  const added = privateIps.filter((privateIp) => !target.privateIps.includes(privateIp));
  interfaces.set(networkInterfaceId, { ...target, privateIps: [...target.privateIps, ...added] });
  return { interfaces, addresses };
}

/** What UnassignPrivateIpAddresses makes of them: an Elastic IP on the address is free then. Throws ApiError. */
export function unassigned(
  view: CloudView,
  networkInterfaceId: string,
  privateIps: readonly string[],
): Partial<CloudView> {
  const target = interfaceNamed(view, networkInterfaceId);
  const [primary, ...secondary] = target.privateIps;
  for (const privateIp of privateIps) {
    if (secondary.includes(privateIp)) continue;
    const why = privateIp === primary ? 'is its primary address' : 'is not assigned to it';
    throw new ApiError('InvalidParameterValue', `${networkInterfaceId}: ${privateIp} ${why}`);
  }
  const interfaces = new Map(view.interfaces).set(networkInterfaceId, without(target, privateIps));
  const addresses = new Map(view.addresses);
  for (const address of view.addresses.values()) {
    const isFreed = privateIps.some((privateIp) => isOn(address, networkInterfaceId, privateIp));
    if (isFreed) addresses.set(address.allocationId, { ...address, association: null });
  }
  return { interfaces, addresses };
}

function interfaceNamed(view: CloudView, networkInterfaceId: string): NetworkInterface {
  const found = view.interfaces.get(networkInterfaceId);
  if (found !== undefined) return found;
  throw new ApiError(
    'InvalidNetworkInterfaceID.NotFound',
    `The networkInterface ID '${networkInterfaceId}' does not exist`,
  );
}

const without = (one: NetworkInterface, privateIps: readonly string[]): NetworkInterface => ({
  ...one,
  privateIps: one.privateIps.filter((privateIp) => !privateIps.includes(privateIp)),
});

const isOn = ({ association }: ElasticAddress, networkInterfaceId: string, privateIp: string): boolean =>
  association?.networkInterfaceId === networkInterfaceId && association.privateIp === privateIp;
