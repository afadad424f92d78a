import type { AddressResource, ServiceResource } from './resources-schema.ts';
import type { ConfigurationFile, GroupSettings } from './schema.ts';
import type { ClusterTimings } from './timings.ts';
import type { WitnessLoad } from './witness-load.ts';

/** A configuration that was read and found right: the same on every node. */
export interface Configuration {
  /** Where it was read: a path, or "ssm:/eipkeeper/web/config". */
  readonly source: string;
  readonly file: ConfigurationFile;
  readonly timings: ClusterTimings;
  readonly witnessLoad: WitnessLoad;
  /** "/eipkeeper/web", without a slash at its end. */
  readonly witnessPrefix: string;
}

export interface GroupResources {
  readonly addresses: readonly AddressResource[];
  /** Started in this order, before the addresses come; stopped in reverse. */
  readonly services: readonly ServiceResource[];
}

/** The addresses apart from the rest: they come last and leave first, wherever they are written. */
export function groupResources(group: GroupSettings): GroupResources {
  const addresses: AddressResource[] = [];
  const services: ServiceResource[] = [];
  for (const resource of group.resources) {
    switch (resource.type) {
      case 'private-ip':
        addresses.push(resource);
        if (resource.parameters.configure) services.push(configuredHere(resource));
        break;
      case 'elastic-ip':
        addresses.push(resource);
        break;
      default:
        services.push(resource);
    }
  }
  return { addresses, services };
}

type PrivateIp = Extract<AddressResource, { readonly type: 'private-ip' }>;

/** The operating system's part of a private address. EC2 says who has it, so two copies of that do no harm. */
function configuredHere({ parameters, monitor, restart }: PrivateIp): ServiceResource {
  const settings = { prefix: 32, interface: null, broadcast: null, announce: 0, probe: false };
  const { address } = parameters;
  return { type: 'local-ip', parameters: { address, ...settings, exclusive: false }, monitor, restart };
}

/** What the file calls an address: 203.0.113.10, or its allocation. */
export function addressLabel(resource: AddressResource): string {
  if (resource.type === 'private-ip') return resource.parameters.address;
  return resource.parameters.publicIp ?? resource.parameters.allocationId ?? '';
}

/**
 * Where an address goes on this node: the private address that it names for its place, else the node's first. null:
 * that of a registered node of which it is not known yet.
 */
export function placeOn(resource: AddressResource, node: string, file: ConfigurationFile): string | null {
  return placeNamed(resource, node) ?? file.nodes[node]?.addresses[0] ?? null;
}

function placeNamed(resource: AddressResource, node: string): string | undefined {
  if (resource.type === 'private-ip') return resource.parameters.interfaceAddress?.[node];
  const { privateAddress } = resource.parameters;
  return typeof privateAddress === 'string' ? privateAddress : privateAddress?.[node];
}
