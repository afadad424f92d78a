import type { AddressId } from '../cloud/elastic-ip-reader.ts';
import type { AssociationTarget, FindNode } from '../cloud/movable-address.ts';
import { ConfigError } from '../config/config-error.ts';
import { type Configuration, groupResources, privateAddressOn } from '../config/configuration.ts';
import type { AddressResource } from '../config/resources-schema.ts';
import type { GroupName, NodeName } from '../core/types.ts';
import type { Machine } from './machine-facts.ts';

/** The addresses of a group as this node moves them. */
export interface CloudGroup {
  readonly addresses: readonly PlannedAddress[];
  readonly findNode: FindNode;
}

export interface PlannedAddress {
  readonly id: AddressId;
  /** Where it goes on this instance. */
  readonly target: AssociationTarget;
}

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
      const target = await targetOf(resource, { configuration, self, machine, signal, group: name });
      addresses.push({ id: addressId(resource), target });
    }
    const networkInterfaceIds = addresses.map(({ target }) => target.networkInterfaceId);
    const own = { name: self, instanceId, networkInterfaceIds };
    groups.set(name, { addresses, findNode: nodeFinder(configuration, name, own) });
  }
  return groups;
}

interface TargetContext {
  readonly configuration: Configuration;
  readonly self: NodeName;
  readonly machine: Machine;
  readonly signal: AbortSignal;
  readonly group: GroupName;
}

async function targetOf(resource: AddressResource, context: TargetContext): Promise<AssociationTarget> {
  const { configuration, self, machine, signal, group } = context;
  const privateAddress = privateAddressOn(resource.parameters, self, configuration.file);
  const networkInterfaceId = await machine.findInterface(privateAddress, signal);
  if (networkInterfaceId !== null) return { networkInterfaceId, privateAddress };
  const message = `${privateAddress} is on no network interface of ${machine.identity.instanceId}, so the Elastic IP cannot go there: give this node's private address, or assign it`;
  throw new ConfigError('CONFIG_INVALID', configuration.source, [
    { line: null, path: `groups.${group}`, message },
  ]);
}

function addressId({ parameters }: AddressResource): AddressId {
  return parameters.allocationId !== null
    ? { kind: 'allocation', allocationId: parameters.allocationId }
    : { kind: 'public', publicAddress: parameters.publicIp ?? '' };
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
    for (const { parameters } of resources)
      byPrivateAddress.set(privateAddressOn(parameters, name, file), name);
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
