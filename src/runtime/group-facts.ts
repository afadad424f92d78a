import { addressLabel, type Configuration, groupResources } from '../config/configuration.ts';
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
    const types = groupResources(group).services.map(({ type }) => type);
    const resources = (chains.get(name)?.view() ?? []).map((view, place) => ({
      ...view,
      type: types[place] ?? '',
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
