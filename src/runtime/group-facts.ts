import { type Configuration, groupResources } from '../config/configuration.ts';
import type { GroupName } from '../core/types.ts';
import type { GroupFacts } from '../observability/status.ts';
import type { ResourceChain } from '../resources/resource-chain.ts';
import type { PublicAddresses } from './public-addresses.ts';

/** What status shows of each group besides the core's view of it. */
export function groupFacts(
  { file }: Configuration,
  chains: ReadonlyMap<GroupName, ResourceChain>,
  addresses: Pick<PublicAddresses, 'of'>,
): ReadonlyMap<GroupName, GroupFacts> {
  const facts = new Map<GroupName, GroupFacts>();
  for (const [name, group] of Object.entries(file.groups)) {
    const types = groupResources(group).services.map(({ type }) => type);
    const resources = (chains.get(name)?.view() ?? []).map((view, place) => ({
      ...view,
      type: types[place] ?? '',
    }));
    facts.set(name, { nodes: group.nodes, publicIp: addresses.of(name), resources });
  }
  return facts;
}
