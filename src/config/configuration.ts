import type { ElasticIpParameters } from './resources/elastic-ip.ts';
import type { ServiceResource } from './resources-schema.ts';
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
  readonly elasticIp: ElasticIpParameters;
  /** Started in this order, before the address comes; stopped in reverse. */
  readonly services: readonly ServiceResource[];
}

/** The Elastic IP apart from the rest: it comes last and leaves first, wherever it is written. */
export function groupResources(group: GroupSettings): GroupResources {
  let elasticIp: ElasticIpParameters | null = null;
  const services: ServiceResource[] = [];
  for (const resource of group.resources) {
    if (resource.type === 'elastic-ip') elasticIp = resource.parameters;
    else services.push(resource);
  }
  if (elasticIp === null)
    throw new Error('a group without an Elastic IP passed the checks of the configuration');
  return { elasticIp, services };
}

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
