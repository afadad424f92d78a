import { addressLabel, type Configuration, groupResources } from '../config/configuration.ts';
import type { ServiceResource } from '../config/resources-schema.ts';
import type { GroupName } from '../core/types.ts';
import type { GroupFacts } from '../observability/status.ts';
import type { ResourceChain } from '../resources/resource-chain.ts';
import type { CloudPerformer } from './cloud-performer.ts';
import type { PublicAddresses } from './public-addresses.ts';

/** What status shows of each group besides the core's view of it. */
export function groupFacts(
  { file }: Configuration,
  chains: ReadonlyMap<GroupName, ResourceChain>,
  names: Pick<PublicAddresses, 'of' | 'publicOf'>,
  cloud: Pick<CloudPerformer, 'places'>,
): ReadonlyMap<GroupName, GroupFacts> {
  const facts = new Map<GroupName, GroupFacts>();
  for (const [name, group] of Object.entries(file.groups)) {
    const { services } = groupResources(group);
    const resources = (chains.get(name)?.view() ?? []).map((view, place) => ({
      ...view,
      type: services[place]?.type ?? '',
      monitor: monitorOf(services[place]),
    }));
    const places = cloud.places(name);
    const addresses = groupResources(group).addresses.map((resource) => {
      const label = addressLabel(resource);
      const here = places.find((place) => place.label === label)?.here ?? null;
      return { type: resource.type, name: names.publicOf(label), here };
    });
    facts.set(name, { nodes: group.nodes, publicIp: names.of(name), addresses, resources });
  }
  return facts;
}

/** Kinds and not contents: what a check is called with may be secret. */
function monitorOf(service: ServiceResource | undefined): string {
  if (service === undefined) return '';
  const { intervalMs, checks } = service.monitor;
  const kinds = Object.entries(checks).flatMap(([kind, check]) => (check === null ? [] : [kind]));
  return [`every ${intervalMs / 1_000} s`, ...kinds].join(', ');
}

/** What the file calls the addresses of each group. */
export function addressNames({ file }: Configuration): ReadonlyMap<string, readonly string[]> {
  return new Map(
    Object.entries(file.groups).map(([name, group]) => [
      name,
      groupResources(group).addresses.map(addressLabel),
    ]),
  );
}
