import type { AddressId } from '../cloud/elastic-ip-reader.ts';
import type { AssociationTarget, FindNode } from '../cloud/movable-address.ts';
import type { PrivateIpTarget } from '../cloud/private-ip.ts';
import { ConfigError } from '../config/config-error.ts';
import { type Configuration, groupResources, placeOn } from '../config/configuration.ts';
import type { ElasticIpParameters } from '../config/resources/elastic-ip.ts';
import type { AddressResource } from '../config/resources-schema.ts';
import type { GroupName, NodeName } from '../core/types.ts';
import type { Machine } from './machine-facts.ts';

/** The addresses of a group as this node moves them. */
export interface CloudGroup {
  readonly addresses: readonly PlannedAddress[];
  readonly findNode: FindNode;
}

/** What it is and where it goes on this instance. */
export type PlannedAddress =
  | { readonly type: 'elastic-ip'; readonly id: AddressId; readonly target: AssociationTarget }
  | { readonly type: 'private-ip'; readonly address: string; readonly target: PrivateIpTarget };

/** Of the groups that this node may lead. Throws ConfigError when an address has no place on this instance. */
export async function planCloud(
  configuration: Configuration,
  self: NodeName,
  machine: Machine,
  signal: AbortSignal,
): Promise<ReadonlyMap<GroupName, CloudGroup>> {
  const { instanceId } = machine.identity;
  const groups = new Map<GroupName, CloudGroup>();
  for (const [name, group] of Object.entries(configuration.file.groups)) {
    if (!group.nodes.includes(self)) continue;
    const addresses: PlannedAddress[] = [];
    for (const resource of groupResources(group).addresses) {
      addresses.push(await planned(resource, { configuration, self, machine, signal, group: name }));
    }
    const networkInterfaceIds = addresses.map(({ target }) => target.networkInterfaceId);
    const own = { name: self, instanceId, networkInterfaceIds };
    groups.set(name, { addresses, findNode: nodeFinder(configuration, name, own) });
  }
  return groups;
}

interface PlanContext {
  readonly configuration: Configuration;
  readonly self: NodeName;
  readonly machine: Machine;
  readonly signal: AbortSignal;
  readonly group: GroupName;
}

async function planned(resource: AddressResource, context: PlanContext): Promise<PlannedAddress> {
  const { configuration, self, machine, signal } = context;
  const privateAddress = placeOn(resource, self, configuration.file);
  if (privateAddress === null) throw new Error(`${self} has no address of its own`);
  const networkInterfaceId = await machine.findInterface(privateAddress, signal);
  if (networkInterfaceId === null) {
    const what = resource.type === 'elastic-ip' ? 'the Elastic IP' : resource.parameters.address;
    throw refusal(
      context,
      `${privateAddress} is on no network interface of ${machine.identity.instanceId}, so ${what} cannot go there: give this node's private address, or assign it`,
    );
  }
  if (resource.type === 'elastic-ip') {
    const target = { networkInterfaceId, privateAddress };
    return { type: 'elastic-ip', id: addressId(resource.parameters), target };
  }
  const { address } = resource.parameters;
  const subnetId = await machine.subnetOf(networkInterfaceId, signal);
  if (subnetId !== null) return { type: 'private-ip', address, target: { networkInterfaceId, subnetId } };
  throw refusal(
    context,
    `the metadata service does not tell the subnet of ${networkInterfaceId}, within which ${address} moves`,
  );
}

function refusal({ configuration, group }: PlanContext, message: string): ConfigError {
  const problem = { line: null, path: `groups.${group}`, message };
  return new ConfigError('CONFIG_INVALID', configuration.source, [problem]);
}

function addressId({ allocationId, publicIp }: ElasticIpParameters): AddressId {
  return allocationId !== null
    ? { kind: 'allocation', allocationId }
    : { kind: 'public', publicAddress: publicIp ?? '' };
}

/** The same groups among other nodes, after a reload; asks nobody. */
export function amongNodesOf(
  configuration: Configuration,
  self: NodeName,
  instanceId: string,
  groups: ReadonlyMap<GroupName, CloudGroup>,
): ReadonlyMap<GroupName, CloudGroup> {
  const changed = [...groups].map(([name, { addresses }]): [GroupName, CloudGroup] => {
    const networkInterfaceIds = addresses.map(({ target }) => target.networkInterfaceId);
    const own = { name: self, instanceId, networkInterfaceIds };
    return [name, { addresses, findNode: nodeFinder(configuration, name, own) }];
  });
  return new Map(changed);
}

/**
 * Whose an association is: this node's by the interface, which is certain; another's by its instance id where
 * the configuration has it, else by a private address of its own or one that an address of the group goes to there.
 */
export function nodeFinder(
  { file }: Configuration,
  group: GroupName,
  self: {
    readonly name: NodeName;
    readonly instanceId: string;
    readonly networkInterfaceIds: readonly string[];
  },
): FindNode {
  const nodes = Object.entries(file.nodes);
  const settings = file.groups[group];
  const resources = settings === undefined ? [] : groupResources(settings).addresses;
  const byPrivateAddress = new Map<string, NodeName>();
  for (const [name, { addresses }] of nodes) {
    for (const address of addresses) byPrivateAddress.set(address, name);
    for (const resource of resources) {
      const place = placeOn(resource, name, file);
      if (place !== null) byPrivateAddress.set(place, name);
    }
  }
  return (networkInterfaceId, privateAddress, instanceId) => {
    if (self.networkInterfaceIds.includes(networkInterfaceId) || instanceId === self.instanceId)
      return self.name;
    const byInstance = nodes.find(([, node]) => node.instanceId !== null && node.instanceId === instanceId);
    if (byInstance !== undefined) return byInstance[0];
    const name = byPrivateAddress.get(privateAddress) ?? null;
    // Our own private address on somebody else's interface is another network's, or an interface we have lost.
    return name === self.name ? null : name;
  };
}
