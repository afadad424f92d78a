import type { ElasticIpParameters } from './resources/elastic-ip.ts';
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
    if (resource.type === 'elastic-ip') addresses.push(resource);
    else services.push(resource);
  }
  return { addresses, services };
}

/** What the file calls an address: 203.0.113.10, or its allocation. */
export const addressLabel = ({ parameters }: AddressResource): string =>
  parameters.publicIp ?? parameters.allocationId ?? '';

/** Where the Elastic IP goes on this node: the private address that it names, else the node's first. */
export function privateAddressOn(
  elasticIp: ElasticIpParameters,
  node: string,
  file: ConfigurationFile,
): string {
  const { privateAddress } = elasticIp;
  const named = typeof privateAddress === 'string' ? privateAddress : privateAddress?.[node];
  const address = named ?? file.nodes[node]?.addresses[0];
  if (address === undefined) throw new Error(`there is no node ${node}`);
  return address;
}
