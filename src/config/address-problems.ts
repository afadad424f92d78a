import type { PathProblem } from './config-error.ts';
import { addressesOf, asRecord, type Entries, stringsOf } from './raw-file.ts';

/** One address of a group as it was written. */
interface Written {
  readonly group: string;
  readonly index: number;
  readonly settings: Readonly<Record<string, unknown>>;
  /** The nodes that may have it. */
  readonly nodes: readonly string[];
}

/** What the addresses of the groups say of each other: EC2 keeps each in one place, and one in each place. */
export function addressProblems(groups: Entries, nodes: Entries): readonly PathProblem[] {
  const written = groups.flatMap(([group, settings]) => addressesIn(group, settings));
  return [
    ...groups.flatMap(([group, settings]) => missingAddress(group, settings)),
    ...written.flatMap((address) => unknownNodes(address, nodes)),
    ...sharedAddresses(written),
    ...sharedPlaces(written, nodes),
  ];
}

function addressesIn(group: string, settings: Readonly<Record<string, unknown>>): readonly Written[] {
  if (!Array.isArray(settings.resources)) return [];
  return settings.resources.flatMap((resource, index) => {
    const address = asRecord(resource)['elastic-ip'];
    if (address === undefined) return [];
    return [{ group, index, settings: asRecord(address), nodes: stringsOf(settings.nodes) }];
  });
}

const pathOf = ({ group, index }: Written): readonly (string | number)[] => [
  'groups',
  group,
  'resources',
  index,
];

function missingAddress(group: string, settings: Readonly<Record<string, unknown>>): readonly PathProblem[] {
  if (!Array.isArray(settings.resources) || addressesIn(group, settings).length > 0) return [];
  const message = 'has no elastic-ip: add "- elastic-ip: { allocationId: eipalloc-… }"';
  return [{ path: ['groups', group, 'resources'], message }];
}

function unknownNodes(address: Written, nodes: Entries): readonly PathProblem[] {
  const known = nodes.map(([node]) => node);
  return Object.keys(asRecord(address.settings.privateAddress))
    .filter((node) => !known.includes(node))
    .map((node) => ({
      path: [...pathOf(address), 'elastic-ip', 'privateAddress', node],
      atKey: true,
      message: `there is no node ${node}`,
    }));
}

/** Two groups with one address would take it from each other for ever. */
function sharedAddresses(written: readonly Written[]): readonly PathProblem[] {
  const owners = new Map<string, Written>();
  const problems: PathProblem[] = [];
  for (const address of written) {
    for (const key of ['allocationId', 'publicIp'] as const) {
      const value = address.settings[key];
      if (typeof value !== 'string') continue;
      const owner = owners.get(value);
      if (owner === undefined) {
        owners.set(value, address);
        continue;
      }
      const message =
        owner.group === address.group
          ? `${value} is written twice: resources[${owner.index}] has it already`
          : `${value} already belongs to the group ${owner.group}`;
      problems.push({ path: [...pathOf(address), 'elastic-ip', key], message });
    }
  }
  return problems;
}

/** EC2 keeps one Elastic IP on a private address: the one that comes displaces the one that is there. */
function sharedPlaces(written: readonly Written[], nodes: Entries): readonly PathProblem[] {
  const owners = new Map<string, Written>();
  const problems: PathProblem[] = [];
  for (const address of written) {
    const places = address.nodes.map((node) => ({ node, privateAddress: placeOn(address, node, nodes) }));
    const taken = places.find(({ node, privateAddress }) => owners.has(`${node} ${privateAddress}`));
    for (const { node, privateAddress } of places) {
      const place = `${node} ${privateAddress}`;
      if (privateAddress !== '' && !owners.has(place)) owners.set(place, address);
    }
    if (taken === undefined) continue;
    const owner = owners.get(`${taken.node} ${taken.privateAddress}`);
    if (owner === undefined) continue;
    const other =
      owner.group === address.group ? `resources[${owner.index}]` : `the one of the group ${owner.group}`;
    const message = `goes to ${taken.privateAddress} of ${taken.node}, as ${other} does, and EC2 keeps only one Elastic IP on a private address: give each a privateAddress of its own`;
    problems.push({ path: pathOf(address), message });
  }
  return problems;
}

function placeOn({ settings }: Written, node: string, nodes: Entries): string {
  const { privateAddress } = settings;
  const named = typeof privateAddress === 'string' ? privateAddress : asRecord(privateAddress)[node];
  if (typeof named === 'string') return named;
  const found = nodes.find(([name]) => name === node);
  return found === undefined ? '' : (addressesOf(found[1])[0] ?? '');
}
