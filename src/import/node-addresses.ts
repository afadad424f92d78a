import { isIP } from 'node:net';
import type { ClusterSettings, Medium } from './cluster-settings.ts';
import { quoted } from './ha-cf.ts';
import { formatPlace, type ImportProblem } from './import-error.ts';
import type { Remark } from './remark.ts';

/** What this machine knows of itself and of the others. */
export interface MachineView {
  readonly hostname: string;
  /** IPv4 addresses by the name of the interface. */
  readonly addresses: Readonly<Record<string, readonly string[]>>;
  /** From /etc/hosts: addresses by name, names in lower case. */
  readonly hosts: ReadonlyMap<string, readonly string[]>;
}

/** The ha.cf of one node, or of all of them. */
export interface SourceSettings {
  /** The node whose file it is; null: not known. */
  readonly owner: string | null;
  readonly settings: ClusterSettings;
}

export interface NodeAddress {
  readonly address: string;
  /** For the comment: the line, or what else told. */
  readonly from: string;
}

export interface NodeAddresses {
  /** By the names of ha.cf; one address for each path, in the same order for all. */
  readonly addresses: ReadonlyMap<string, readonly NodeAddress[]>;
  readonly problems: readonly ImportProblem[];
  readonly remarks: readonly Remark[];
}

interface Options {
  readonly sources: readonly SourceSettings[];
  /** What `--peer` says. */
  readonly peers: ReadonlyMap<string, readonly string[]>;
  readonly machine: MachineView;
}

/**
 * Whose address is whose: ha.cf has node names and addresses, and says nowhere which belong together. `--peer`
 * comes first; then what is certain (a name of EC2 that holds the address, /etc/hosts, files of several nodes,
 * the addresses of this machine); then the order of the lines, which is said to be a guess.
 */
export function findNodeAddresses({ sources, peers, machine }: Options): NodeAddresses {
  const names = (sources[0]?.settings.nodes ?? []).map(({ value }) => value);
  const media = sources.flatMap(({ settings }) => settings.media);
  const given = new Map(
    [...peers].map(([name, list]) => [
      name,
      list.map((address) => ({ address, from: `--peer ${name}=${list}` })),
    ]),
  );
  if (names.every((name) => given.has(name))) {
    return { addresses: given, problems: [], remarks: media.flatMap((medium) => unused(medium, given)) };
  }
  const problems = media.flatMap(badAddress);
  const isPlaceholder = problems.length > 0;
  const remarks: Remark[] = [];
  const found = new Map<string, readonly NodeAddress[]>(given);
  const wanted = names.filter((name) => !given.has(name));
  const devices = [...new Set(media.map(({ device }) => device))];
  for (const device of devices.length === 0 ? [''] : devices) {
    const path = new Path({ device, sources, wanted, taken: [...peers.values()].flat(), machine });
    for (const [name, address] of path.pair()) found.set(name, [...(found.get(name) ?? []), address]);
    remarks.push(...path.remarks);
    if (!isPlaceholder) problems.push(...path.leftOver());
  }
  problems.push(...missing(sources, names, found, Math.max(1, devices.length)));
  return { addresses: found, problems, remarks };
}

function unused(medium: Medium, given: ReadonlyMap<string, readonly NodeAddress[]>): readonly Remark[] {
  if ([...given.values()].flat().some(({ address }) => address === medium.address)) return [];
  const text = `${quoted(medium.line.text)}: --peer names other addresses`;
  return [{ kind: 'left-out', place: medium.line.place, text }];
}

function badAddress({ address, line }: Medium): readonly ImportProblem[] {
  const refuse = (message: string) => [{ place: line.place, message: `${quoted(line.text)}: ${message}` }];
  if (isIP(address) === 0) {
    return refuse('this is no IP address');
  }
  if (/^fe[89ab]/i.test(address)) return refuse('a link-local address cannot be used');
  return [];
}

function missing(
  sources: readonly SourceSettings[],
  names: readonly string[],
  found: ReadonlyMap<string, readonly NodeAddress[]>,
  paths: number,
): readonly ImportProblem[] {
  const without = names.filter((name) => (found.get(name)?.length ?? 0) < paths);
  if (without.length === 0) return [];
  const settings = sources.map((source) => source.settings);
  const ask = without.map((name) => `--peer ${name}=<its private address>`).join(' ');
  const silent = settings.flatMap(({ withoutPeer }) => withoutPeer);
  if (silent.length > 0) {
    return silent.map(({ place, directive, text }) => ({
      place,
      message: `${quoted(text)}: ${WHY[directive] ?? ''}; heartbeats go to the address of each node: add ${ask}`,
    }));
  }
  const node = settings[0]?.nodes.find(({ value }) => value === without[0]);
  const place = node?.line.place ?? { file: 'ha.cf', line: null };
  return [{ place, message: `which address belongs to ${without.join(' and ')} is not said: add ${ask}` }];
}

const VPC = 'a VPC carries neither broadcast nor multicast, and this names no peer';
const WHY: Readonly<Record<string, string>> = {
  bcast: VPC,
  udp: VPC,
  mcast: VPC,
  mcast6: VPC,
  serial: 'an EC2 instance has no serial line to another',
};

interface PathOptions {
  readonly device: string;
  readonly sources: readonly SourceSettings[];
  readonly wanted: readonly string[];
  /** Addresses that `--peer` has given away. */
  readonly taken: readonly string[];
  readonly machine: MachineView;
}

/** The addresses on one interface, and the nodes that want one of them. */
class Path {
  readonly remarks: Remark[] = [];
  readonly #options: PathOptions;
  readonly #candidates: Medium[] = [];
  readonly #pairs = new Map<string, NodeAddress>();

  constructor(options: PathOptions) {
    this.#options = options;
    for (const medium of options.sources.flatMap(({ settings }) => settings.media)) {
      const isKnown = this.#candidates.some(({ address }) => address === medium.address);
      const isFree = !isKnown && !options.taken.includes(medium.address) && badAddress(medium).length === 0;
      if (medium.device === options.device && isFree) this.#candidates.push(medium);
    }
  }

  pair(): ReadonlyMap<string, NodeAddress> {
    this.#byName();
    this.#byHostsFile();
    this.#byOwner();
    this.#byThisMachine();
    this.#byOrder();
    return this.#pairs;
  }

  /** What no node took. */
  leftOver(): readonly ImportProblem[] {
    if (this.#waiting().length > 0) return [];
    return this.#free().map(({ line }) => ({
      place: line.place,
      message: `${quoted(line.text)} is the address of no node: every node has one already; take the line out, or name the nodes with --peer name=address`,
    }));
  }

  #waiting(): readonly string[] {
    return this.#options.wanted.filter((name) => !this.#pairs.has(name));
  }

  #free(): readonly Medium[] {
    const used = [...this.#pairs.values()].map(({ address }) => address);
    return this.#candidates.filter(({ address }) => !used.includes(address));
  }

  #take(name: string, address: string, how: string): void {
    const line = this.#candidates.find((medium) => medium.address === address)?.line;
    const from =
      line === undefined ? how : `${formatPlace(line.place)} ${line.text}${how === '' ? '' : `, ${how}`}`;
    this.#pairs.set(name, { address, from });
  }

  /** EC2 names its instances by their private address: ip-10-36-5-11. */
  #byName(): void {
    for (const name of this.#waiting()) {
      const match = /^ip-(\d{1,3})-(\d{1,3})-(\d{1,3})-(\d{1,3})(\.|$)/.exec(name);
      const address = match?.slice(1, 5).join('.') ?? '';
      const isOne = this.#free().some((medium) => medium.address === address);
      if (isIP(address) !== 0 && (isOne || this.#candidates.length === 0))
        this.#take(name, address, 'by its name');
    }
  }

  #byHostsFile(): void {
    for (const name of this.#waiting()) {
      const known = this.#options.machine.hosts.get(name) ?? [];
      const [only, ...more] = this.#free().filter(({ address }) => known.includes(address));
      if (only !== undefined && more.length === 0) this.#take(name, only.address, 'by /etc/hosts');
    }
  }

  /** A node's own file names its peers; only itself it may leave out. */
  #byOwner(): void {
    for (const { owner, settings } of this.#options.sources) {
      if (owner === null || !this.#waiting().includes(owner)) continue;
      const listed = settings.media.map(({ address }) => address);
      const [only, ...more] = this.#free().filter(({ address }) => !listed.includes(address));
      if (only !== undefined && more.length === 0 && listed.length > 0)
        this.#take(owner, only.address, `not in the file of ${owner}`);
    }
  }

  #byThisMachine(): void {
    const { machine, device } = this.#options;
    const host = machine.hostname.toLowerCase();
    const name = this.#waiting().find((node) => node === host || node === host.split('.')[0]);
    if (name === undefined) return;
    const own = Object.values(machine.addresses).flat();
    const listed = this.#free().find(({ address }) => own.includes(address));
    const [only, ...more] = machine.addresses[device] ?? [];
    if (listed !== undefined) this.#take(name, listed.address, 'an address of this machine');
    else if (only !== undefined && more.length === 0) this.#take(name, only, `${device} of this machine`);
  }

  #byOrder(): void {
    const names = this.#waiting();
    const free = this.#free();
    if (names.length === 0 || names.length !== free.length) return;
    for (const [index, name] of names.entries())
      this.#take(name, free[index]?.address ?? '', names.length > 1 ? 'by order' : '');
    if (names.length === 1) return;
    const pairs = names.map((name) => `${name} ${this.#pairs.get(name)?.address}`).join(', ');
    const text = `which node has which address was taken from the order of the lines: ${pairs}; if that is wrong, say --peer name=address`;
    this.remarks.push({ kind: 'check', place: free[0]?.line.place ?? null, text });
  }
}
