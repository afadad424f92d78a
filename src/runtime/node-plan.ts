import type { AddressId, FindNode } from '../cloud/elastic-ip.ts';
import { type Configuration, groupResources, privateAddressOn } from '../config/configuration.ts';
import type { GroupName, NodeName } from '../core/types.ts';
import type { SessionTimings } from '../wire/session-contract.ts';
import type { PeerAddresses, UdpAddress } from '../wire/transport.ts';

/** What the parts of the shell need of the configuration. Pure: reads and opens nothing. */

export function peerAddresses({ file }: Configuration): PeerAddresses {
  return Object.fromEntries(
    Object.entries(file.nodes).map(([name, node]) => {
      const port = node.port ?? file.port;
      return [name, node.addresses.map((address): UdpAddress => ({ address, port }))];
    }),
  );
}

export function sessionTimings({ timings }: Configuration): SessionTimings {
  const deadtimes = Object.values(timings.groups).map((group) => group.deadtimeMs);
  return { keepaliveMs: timings.keepaliveMs, deadtimeMs: Math.max(...deadtimes) };
}

export function addressId(configuration: Configuration, group: GroupName): AddressId {
  const { elasticIp } = groupResources(groupOf(configuration, group));
  return elasticIp.allocationId !== null
    ? { kind: 'allocation', allocationId: elasticIp.allocationId }
    : { kind: 'public', publicAddress: elasticIp.publicIp ?? '' };
}

export function privateAddressFor(configuration: Configuration, group: GroupName, node: NodeName): string {
  const { elasticIp } = groupResources(groupOf(configuration, group));
  return privateAddressOn(elasticIp, node, configuration.file);
}

/**
 * Whose an association is: this node's by the interface, which is certain; another's by its instance id where
 * the configuration has it, else by the private address that the address goes to there.
 */
export function nodeFinder(
  configuration: Configuration,
  group: GroupName,
  self: { readonly name: NodeName; readonly instanceId: string; readonly networkInterfaceId: string },
): FindNode {
  const nodes = Object.entries(configuration.file.nodes);
  const byPrivateAddress = new Map<string, NodeName>();
  for (const [name, { addresses }] of nodes) {
    for (const address of addresses) byPrivateAddress.set(address, name);
  }
  for (const [name] of nodes) byPrivateAddress.set(privateAddressFor(configuration, group, name), name);
  return (networkInterfaceId, privateAddress, instanceId) => {
    if (networkInterfaceId === self.networkInterfaceId || instanceId === self.instanceId) return self.name;
    const byInstance = nodes.find(([, node]) => node.instanceId !== null && node.instanceId === instanceId);
    if (byInstance !== undefined) return byInstance[0];
    const name = byPrivateAddress.get(privateAddress) ?? null;
    // Our own private address on somebody else's interface is another network's, or an interface we have lost.
    return name === self.name ? null : name;
  };
}

function groupOf({ file }: Configuration, name: GroupName) {
  const group = file.groups[name];
  if (group === undefined) throw new Error(`there is no group ${name}`);
  return group;
}
