import type { PathProblem } from './config-error.ts';
import { addressesOf, asRecord, type Entries, stringsOf } from './raw-file.ts';
import { REGISTERED } from './registered.ts';

/** Which settings name the address itself, by the type of the resource. */
const NAMED_BY = {
  'elastic-ip': ['allocationId', 'publicIp'],
  'private-ip': ['address'],
  'local-ip': ['address'],
} as const;
type AddressType = keyof typeof NAMED_BY;
const TYPES = Object.keys(NAMED_BY) as readonly AddressType[];

/** One address of a group as it was written. */
interface Written {
  readonly type: AddressType;
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
    ...sharedPlaces(
      written.filter(({ type }) => type === 'elastic-ip'),
      nodes,
    ),
    ...movingPlaces(written, nodes),
  ];
}

function addressesIn(group: string, settings: Readonly<Record<string, unknown>>): readonly Written[] {
  if (!Array.isArray(settings.resources)) return [];
  const nodes = stringsOf(settings.nodes);
  return settings.resources.flatMap((resource, index) => {
    const written = asRecord(resource);
    const type = TYPES.find((candidate) => candidate in written);
    return type === undefined ? [] : [{ type, group, index, settings: asRecord(written[type]), nodes }];
  });
}

const pathOf = ({ group, index }: Written): readonly (string | number)[] => [
  'groups',
  group,
  'resources',
  index,
];

function missingAddress(group: string, settings: Readonly<Record<string, unknown>>): readonly PathProblem[] {
  if (!Array.isArray(settings.resources)) return [];
  if (addressesIn(group, settings).some(({ type }) => type !== 'local-ip')) return [];
  const message = 'has no elastic-ip and no private-ip: add "- elastic-ip: { allocationId: eipalloc-… }"';
  return [{ path: ['groups', group, 'resources'], message }];
}

function unknownNodes(address: Written, nodes: Entries): readonly PathProblem[] {
  const known = nodes.map(([node]) => node);
  return (['privateAddress', 'interfaceAddress'] as const).flatMap((key) =>
    Object.keys(asRecord(address.settings[key]))
      .filter((node) => !known.includes(node))
      .map((node) => ({
        path: [...pathOf(address), address.type, key, node],
        atKey: true,
        message: `there is no node ${node}`,
      })),
  );
}

/** Two groups with one address would take it from each other for ever. */
function sharedAddresses(written: readonly Written[]): readonly PathProblem[] {
  const owners = new Map<string, Written>();
  const problems: PathProblem[] = [];
  for (const address of written) {
    for (const key of NAMED_BY[address.type]) {
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
      problems.push({ path: [...pathOf(address), address.type, key], message });
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
    const place =
      taken.privateAddress === REGISTERED ? 'the registered address' : String(taken.privateAddress);
    const message = `goes to ${place} of ${taken.node}, as ${other} does, and EC2 keeps only one Elastic IP on a private address: give each a privateAddress of its own`;
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

/** A private address that moves is nobody's own: neither a node's, nor the place of an Elastic IP, which moves along. */
function movingPlaces(written: readonly Written[], nodes: Entries): readonly PathProblem[] {
  const problems: PathProblem[] = [];
  const moving = new Map(
    written
      .filter(({ type }) => type !== 'elastic-ip')
      .map((address) => [String(address.settings.address), address] as const),
  );
  for (const [name, node] of nodes) {
    for (const [value, address] of moving) {
      if (!addressesOf(node).includes(value)) continue;
      const message = `${value} is an address of ${name}, which stays with it: take one that no node is written with`;
      problems.push({ path: [...pathOf(address), address.type, 'address'], message });
    }
  }
  for (const address of written.filter(({ type }) => type === 'elastic-ip')) {
    const place = address.nodes
      .map((node) => placeOn(address, node, nodes))
      .find((value) => moving.has(value));
    if (place === undefined || moving.get(place)?.type !== 'private-ip') continue;
    const message = `goes to ${place}, which is a private-ip: EC2 moves an Elastic IP along with it, so leave this resource out`;
    problems.push({ path: pathOf(address), message });
  }
  return problems;
}
