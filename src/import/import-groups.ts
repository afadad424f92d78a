import { RESERVED_GROUP_NAMES } from '../config/references.ts';
import {
  type AddressAnswer,
  addressIn,
  addressRemarks,
  elasticIpSettings,
  isAllocation,
} from './address-resources.ts';
import { type EipOption, EipOptions } from './eip-options.ts';
import { quoted } from './ha-cf.ts';
import type { WrittenGroup, WrittenResource } from './haresources.ts';
import { formatPlace, type ImportProblem, type Place } from './import-error.ts';
import { cleaned } from './node-name.ts';
import type { Remark } from './remark.ts';
import { type ImportedResource, type ScriptFinder, serviceOf } from './service-resources.ts';

export interface ImportedGroup {
  readonly name: string;
  /** As the configuration calls them, the preferred one first. */
  readonly nodes: readonly string[];
  /** For the comment. */
  readonly from: string;
  readonly resources: readonly ImportedResource[];
  readonly isExclusive: boolean;
  /** Its services run on every node all the time. */
  readonly isWarm: boolean;
}

export interface ImportedGroups {
  readonly groups: readonly ImportedGroup[];
  readonly problems: readonly ImportProblem[];
  readonly remarks: readonly Remark[];
  readonly unusedEips: readonly EipOption[];
}

export interface GroupSources {
  readonly written: readonly WrittenGroup[];
  /** "haresources"; for what is missing in it. */
  readonly fileName: string;
  /** Names of ha.cf in their order, with those of the configuration. */
  readonly nodes: ReadonlyMap<string, string>;
  /** The addresses of each node, one a path, by the names of the configuration. */
  readonly addresses: ReadonlyMap<string, readonly string[]>;
  readonly finder: ScriptFinder;
  readonly eips: readonly EipOption[];
  readonly answers: ReadonlyMap<string, AddressAnswer>;
}

/** What becomes of haresources. */
export function importGroups(sources: GroupSources): ImportedGroups {
  return new GroupImport(sources).result();
}

class GroupImport {
  readonly #sources: GroupSources;
  readonly #eips: EipOptions;
  readonly #problems: ImportProblem[] = [];
  readonly #remarks: Remark[] = [];
  /** How many Elastic IPs there are so far: each needs a private address of its own on every node. */
  #elasticIps = 0;

  constructor(sources: GroupSources) {
    this.#sources = sources;
    this.#eips = new EipOptions(sources.eips);
  }

  result(): ImportedGroups {
    const { written } = this.#sources;
    const drafts =
      written.length === 0 ? [this.#groupWithoutFile()] : written.map((group) => this.#group(group));
    const shared = sharedServices(drafts);
    for (const { resource, other } of shared) this.#sayShared(resource, other);
    const isWarm = ({ resources }: Draft) =>
      resources.some((each) => shared.some(({ id }) => id === serviceId(each)));
    this.#refuseWarmExclusive(drafts.filter(isWarm));
    if (drafts.some(({ addressFirst }) => addressFirst)) {
      const text =
        'addresses come last and leave first, wherever they are written; services keep their order';
      this.#remarks.push({ kind: 'changed', place: null, text });
    }
    const names = uniqueNames(drafts.map(nameOf));
    const groups = drafts.map((draft, index) => ({
      name: names[index] ?? '',
      nodes: draft.nodes,
      from: draft.from,
      resources: withOwnNames(draft.resources),
      isExclusive: draft.resources.some(isExclusive),
      isWarm: isWarm(draft),
    }));
    return { groups, problems: this.#problems, remarks: this.#remarks, unusedEips: this.#eips.unused };
  }

  #groupWithoutFile(): Draft {
    const { fileName, nodes } = this.#sources;
    const place = { file: fileName, line: null };
    const eip = this.#eips.nameless();
    if (eip === null) {
      const message =
        'has no group, so nothing would move: write one, or say which Elastic IP moves with --eip <address or allocation>';
      this.#problems.push({ place, message });
    }
    const resources = eip === null ? [] : [this.#elasticIp(eip, null, `--eip ${eip}`)];
    return {
      place,
      nodes: [...nodes.values()],
      from: 'no group in haresources: all nodes',
      resources,
      addressFirst: false,
    };
  }

  #group({ place, node, resources: written }: WrittenGroup): Draft {
    const { nodes } = this.#sources;
    const preferred = nodes.get(node);
    if (preferred === undefined) {
      const message = `${quoted(node)} is no node of ha.cf; there are ${[...nodes.keys()].join(', ')}`;
      this.#problems.push({ place, message });
    }
    const others = [...nodes.values()].filter((name) => name !== preferred);
    const outcomes = written.map((resource) => this.#resource(resource));
    const resources = outcomes.flatMap((outcome) => (outcome === null ? [] : [outcome]));
    if (!outcomes.includes(ASKED) && !resources.some(isAddress))
      resources.push(...this.#missingAddress(place, written[0]));
    const kept = resources.filter((resource) => resource !== ASKED);
    const firstAddress = kept.findIndex(isAddress);
    return {
      place,
      nodes: preferred === undefined ? others : [preferred, ...others],
      from: `${formatPlace(place)} ${node}, then ha.cf's order`,
      resources: kept,
      addressFirst: firstAddress >= 0 && kept.slice(firstAddress).some((resource) => !isAddress(resource)),
    };
  }

  /** null: left out. */
  #resource(written: WrittenResource): ImportedResource | null {
    const { finder } = this.#sources;
    const script = written.script.startsWith('IPaddr') ? null : finder.scriptNamed(written.script);
    const named = this.#eips.named(written);
    const address =
      named === null ? addressIn(written, script) : { kind: 'elastic-ip' as const, place: named };
    if (address === null) {
      const { resource, remarks } = serviceOf(written, finder);
      this.#remarks.push(...remarks);
      return resource;
    }
    const place = address.kind === 'asked-for' ? this.#eips.nameless() : address.place;
    if (place === null) {
      if (address.kind === 'asked-for')
        this.#problems.push({ place: written.place, message: address.message });
      return ASKED;
    }
    const kind = address.kind === 'private-ip' ? 'private-ip' : 'elastic-ip';
    this.#remarks.push(...addressRemarks(written, kind));
    if (kind === 'private-ip') return { type: kind, settings: { address: place, configure: true }, written };
    return this.#elasticIp(place, written, written.text);
  }

  #missingAddress(place: Place, first: WrittenResource | undefined): readonly ImportedResource[] {
    const eip = this.#eips.nameless();
    if (eip !== null) return [this.#elasticIp(eip, null, `--eip ${eip}`)];
    const message = `this group has no address that moves, and without one there is nothing to fail over: add --eip ${first?.script ?? ''}=<address or allocation> beside ${quoted(first?.text ?? '')}`;
    this.#problems.push({ place, message });
    return [];
  }

  #elasticIp(place: string, written: WrittenResource | null, text: string): ImportedResource {
    const { answers } = this.#sources;
    const { settings, remarks } = elasticIpSettings(
      place,
      { text, place: written?.place ?? null },
      answers.get(place),
    );
    this.#remarks.push(...remarks);
    return { type: 'elastic-ip', settings: { ...settings, ...this.#ownPlace(place, written) }, written };
  }

  /** EC2 keeps one Elastic IP on a private address: the second goes to the second address of each node. */
  #ownPlace(place: string, written: WrittenResource | null): Readonly<Record<string, unknown>> {
    const index = this.#elasticIps++;
    if (index === 0) return {};
    const places = [...this.#sources.addresses].map(([node, list]) => [node, list[index]] as const);
    if (places.every(([, address]) => address !== undefined))
      return { privateAddress: Object.fromEntries(places) };
    const message = `${place} needs a private address of its own on each node, for EC2 keeps one Elastic IP on one: give each node a secondary address, and name both with --peer <node>=<address>,<second address>`;
    this.#problems.push({ place: written?.place ?? { file: this.#sources.fileName, line: null }, message });
    return {};
  }

  #sayShared(resource: ImportedResource, other: ImportedResource): void {
    const text = `${quoted(resource.written?.text ?? '')} is in the group of line ${other.written?.place.line} too: it runs on every node all the time (standbyServices: warm), else one group would stop it under the address of the other`;
    this.#remarks.push({ kind: 'changed', place: resource.written?.place ?? null, text });
  }

  #refuseWarmExclusive(warm: readonly Draft[]): void {
    for (const { resources } of warm) {
      const single = resources.find(isExclusive);
      if (single?.written === undefined || single.written === null) continue;
      const message = `${quoted(single.written.text)} must never run twice, and another service of this group is in two groups, so it runs on every node: put one of them into a group of its own`;
      this.#problems.push({ place: single.written.place, message });
    }
  }
}

interface Draft {
  readonly place: Place;
  readonly nodes: readonly string[];
  readonly from: string;
  readonly resources: readonly ImportedResource[];
  readonly addressFirst: boolean;
}

/** Stands for an address that was asked for. */
const ASKED: ImportedResource = { type: 'elastic-ip', settings: {}, written: null };

const isAddress = ({ type }: ImportedResource): boolean => type === 'elastic-ip' || type === 'private-ip';
const isExclusive = ({ type, settings }: ImportedResource): boolean =>
  settings.exclusive === true || (type === 'ocf' && settings.exclusive !== false);

/** Services of the whole machine, which two groups would stop for each other. */
const OF_MACHINE: readonly string[] = ['nginx', 'haproxy', 'systemd', 'lsb'];

const serviceId = ({ type, settings }: ImportedResource): string | null =>
  OF_MACHINE.includes(type) ? `${type} ${String(settings.unit ?? settings.script ?? '')}` : null;

function sharedServices(drafts: readonly Draft[]) {
  const first = new Map<string, ImportedResource>();
  const shared: { id: string; resource: ImportedResource; other: ImportedResource }[] = [];
  for (const resource of drafts.flatMap(({ resources }) => resources)) {
    const id = serviceId(resource);
    if (id === null) continue;
    const other = first.get(id);
    if (other === undefined) first.set(id, resource);
    else shared.push({ id, resource, other });
  }
  return shared;
}

/** A group is called by what it serves. */
function nameOf({ resources }: Draft): string {
  const service = resources.find((resource) => !isAddress(resource));
  const name = cleaned(service?.written?.script ?? 'address');
  return RESERVED_GROUP_NAMES.includes(name) || name === '' ? 'group' : name;
}

/** web, web-2, web-3. */
function uniqueNames(names: readonly string[]): readonly string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let unique = name;
    for (let number = 2; taken.has(unique); number++) unique = `${name}-${number}`;
    taken.add(unique);
    return unique;
  });
}

/** Two of one agent or script in a group need names to be told apart. */
function withOwnNames(resources: readonly ImportedResource[]): readonly ImportedResource[] {
  const counts = new Map<string, number>();
  return resources.map((resource) => {
    const { type, settings, written } = resource;
    if (type !== 'ocf' && type !== 'exec') return resource;
    const key = `${type} ${written?.script}`;
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    if (count === 1) return resource;
    return {
      ...resource,
      settings: { ...settings, name: `${String(settings.name ?? written?.script)}-${count}` },
    };
  });
}

/** The public addresses about which EC2 has to be asked. */
export function addressesToAsk(groups: readonly ImportedGroup[]): readonly string[] {
  const places = groups.flatMap(({ resources }) => resources.map(({ settings }) => settings.publicIp));
  return places.filter((place): place is string => typeof place === 'string' && !isAllocation(place));
}
