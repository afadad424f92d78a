import { isIPv4 } from 'node:net';
import { ConfigError } from '../config/config-error.ts';
import { parseConfiguration } from '../config/load.ts';
import type { AddressAnswer } from './address-resources.ts';
import { type ClusterSettings, canBeAsked } from './cluster-settings.ts';
import { DIRECTIVES } from './directives.ts';
import type { EipOption } from './eip-options.ts';
import { type HaCfLine, quoted } from './ha-cf.ts';
import { formatPlace, ImportError, type ImportProblem } from './import-error.ts';
import { addressesToAsk, importGroups } from './import-groups.ts';
import { importTimings } from './import-timings.ts';
import { findNodeAddresses, type MachineView, type NodeAddress } from './node-addresses.ts';
import { cleaned, nodeNames } from './node-name.ts';
import { type HeartbeatFiles, readSources } from './read-sources.ts';
import type { Remark } from './remark.ts';
import { MOST_PING_NODES, type Plan, pingNodes, planLines, renderConfiguration } from './render.ts';
import type { ScriptFinder } from './service-resources.ts';

export interface ImportInput {
  /** Of one node, for all; or of several, which must agree. */
  readonly sources: readonly HeartbeatFiles[];
  /** What `--peer` says: addresses by the name of a node. */
  readonly peers: ReadonlyMap<string, readonly string[]>;
  readonly eips: readonly EipOption[];
  /** null: that of ha.cf, else the name of the first node. */
  readonly cluster: string | null;
  /** Where the key of the heartbeats will be: a path, or "ssm:/name". */
  readonly key: string;
  readonly machine: MachineView;
  readonly finder: ScriptFinder;
  /** Asks EC2 about public addresses. */
  readonly ask: (addresses: readonly string[]) => Promise<ReadonlyMap<string, AddressAnswer>>;
  /** The first lines of the configuration, as a comment. */
  readonly header: string;
}

export interface Imported {
  readonly text: string;
  readonly remarks: readonly Remark[];
  readonly nodes: number;
  readonly groups: number;
}

/**
 * One configuration from Heartbeat's files, which `config check` takes. Throws ImportError with everything that
 * stands in the way; what an option would answer is asked for by its name.
 */
export async function importHeartbeat(input: ImportInput): Promise<Imported> {
  const sources = readSources(input.sources);
  const [first] = sources;
  if (first === undefined) throw new Error('there are no files to import');
  const hostnames = first.settings.nodes.map(({ value }) => value);
  const names = nodeNames(hostnames);
  const found = findNodeAddresses({
    sources: sources.map(({ settings }, index) => ({
      settings,
      owner:
        input.sources[index]?.ownerHints
          .find((hint) => hostnames.includes(hint.toLowerCase()))
          ?.toLowerCase() ?? null,
    })),
    peers: peersByHostname(input.peers, hostnames, names),
    machine: input.machine,
  });
  const addresses = new Map(
    [...found.addresses].map(
      ([name, list]) => [names.get(name) ?? name, list.map(({ address }) => address)] as const,
    ),
  );
  const groupsWith = (answers: ReadonlyMap<string, AddressAnswer>) =>
    importGroups({
      written: first.groups,
      fileName: input.sources[0]?.haresources?.name ?? 'haresources',
      nodes: names,
      addresses,
      finder: input.finder,
      eips: input.eips,
      answers,
    });
  const unanswered = groupsWith(new Map());
  const problems = [
    ...found.problems,
    ...first.settings.nodes.flatMap(({ value, line }) => notIpv4(value, line, found.addresses)),
    ...unanswered.problems,
    ...unusedEips(unanswered.unusedEips),
  ];
  if (problems.length > 0) throw new ImportError(problems);
  const groups = groupsWith(await input.ask([...new Set(addressesToAsk(unanswered.groups))]));
  const timings = importTimings(
    first.settings,
    groups.groups.some(({ isExclusive }) => isExclusive),
  );
  const plan: Plan = {
    cluster: clusterName(input.cluster, first.settings, names),
    key: input.key,
    signing: first.signing,
    settings: first.settings,
    names,
    addresses: found.addresses,
    timings,
    groups: groups.groups,
  };
  const remarks = [
    ...found.remarks,
    ...groups.remarks,
    ...timings.remarks,
    ...pingRemarks(first.settings),
    ...mediaRemarks(sources.map(({ settings }) => settings)),
    ...settingsRemarks(sources.map(({ settings }) => settings)),
  ];
  const text = renderConfiguration(plan, remarks, input.header);
  checkResult(text, plan, input.header);
  return { text, remarks, nodes: names.size, groups: groups.groups.length };
}

/** What EC2 moves goes to the first address of a node. */
function notIpv4(
  name: string,
  line: HaCfLine,
  addresses: ReadonlyMap<string, readonly NodeAddress[]>,
): readonly ImportProblem[] {
  const [first] = addresses.get(name) ?? [];
  if (first === undefined || isIPv4(first.address)) return [];
  const message = `${name} has the IPv6 address ${first.address}, and what EC2 moves goes to an IPv4 one: add --peer ${name}=<its private address>`;
  return [{ place: line.place, message }];
}

/** What the files of several nodes have in common is said once. */
function settingsRemarks(all: readonly ClusterSettings[]): readonly Remark[] {
  const seen = new Set<string>();
  return all
    .flatMap(({ remarks }) => remarks)
    .filter(({ text }) => {
      const isNew = !seen.has(text);
      seen.add(text);
      return isNew;
    });
}

function peersByHostname(
  peers: ReadonlyMap<string, readonly string[]>,
  hostnames: readonly string[],
  names: ReadonlyMap<string, string>,
): ReadonlyMap<string, readonly string[]> {
  return new Map(
    [...peers].map(([name, list]) => {
      const hostname = hostnames.find((each) => each === name.toLowerCase() || names.get(each) === name);
      if (hostname !== undefined) return [hostname, list] as const;
      const message = `--peer ${name}: there is no such node; there are ${hostnames.join(', ')}`;
      throw new ImportError([{ place: { file: 'ha.cf', line: null }, message }]);
    }),
  );
}

const unusedEips = (eips: readonly EipOption[]): readonly ImportProblem[] =>
  eips.map(({ what, place }) => ({
    place: { file: 'haresources', line: null },
    message: `--eip ${what === null ? place : `${what}=${place}`} fits nothing: ${what === null ? 'no resource lacks an address; name the one that it takes the place of, --eip <resource>=…' : 'write the resource as haresources has it, or its script'}`,
  }));

/** Terms are kept under this name, so that two clusters of one account and Region must not share it. */
function clusterName(
  given: string | null,
  { cluster }: ClusterSettings,
  names: ReadonlyMap<string, string>,
): Plan['cluster'] {
  if (given !== null) return { name: given, from: '--cluster' };
  const written = cleaned(cluster?.values[0] ?? '');
  if (cluster !== null && written !== '')
    return { name: written, from: `${formatPlace(cluster.place)} ${cluster.text}` };
  const [first = 'heartbeat'] = names.values();
  return { name: first, from: 'the first node: no other cluster of the account and Region may have it' };
}

function pingRemarks(settings: ClusterSettings): readonly Remark[] {
  const taken = pingNodes(settings);
  const { ipfail, ping } = settings;
  const left = ping.filter((each) => !taken.includes(each));
  const reasonFor = (address: string): string => {
    if (ipfail === null)
      return 'without ipfail nothing was done with it; to hand over by it, write "ping: [{ icmp: … }]"';
    return canBeAsked(address)
      ? `there may be ${MOST_PING_NODES}`
      : 'is no IP address: write one, so that DNS is not asked';
  };
  const remarks: Remark[] = left.map(({ value, line }) => ({
    kind: 'left-out',
    place: line.place,
    text: `ping node ${quoted(value)}: ${reasonFor(value)}`,
  }));
  if (ipfail !== null && ping.length === 0) {
    const text = `${quoted(ipfail.text)}: there are no ping nodes`;
    remarks.push({ kind: 'left-out', place: ipfail.place, text });
  }
  return remarks;
}

function mediaRemarks(all: readonly ClusterSettings[]): readonly Remark[] {
  const silent = all
    .flatMap(({ withoutPeer }) => withoutPeer)
    .map(({ place, text, directive }) => ({
      kind: 'left-out' as const,
      place,
      text: `${quoted(text)}: ${DIRECTIVES[directive]?.becomes.split(';')[0]}; heartbeats go to the address of each node`,
    }));
  const media = all.flatMap(({ media: own }) => own);
  const other = media.find(({ port }) => port !== media[0]?.port);
  if (other === undefined) return silent;
  const text = `${quoted(other.line.text)} was sent to port ${other.port}: there is one port for all paths, ${media[0]?.port}`;
  return [...silent, { kind: 'changed', place: other.line.place, text }];
}

/** What was made must be right; what is not is shown with the line that it came from. */
function checkResult(text: string, plan: Plan, header: string): void {
  try {
    parseConfiguration(Buffer.from(text), 'the configuration');
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const lines = planLines(plan);
    const headerLines = header.trimEnd().split('\n').length;
    throw new ImportError(
      error.problems.map(({ line, path, message }) => {
        const from = line === null ? undefined : lines[line - 1 - headerLines]?.from;
        return {
          place: { file: from ?? 'the configuration', line: null },
          message: `what would be made of this is refused: ${path === '' ? '' : `${path}: `}${message}`,
        };
      }),
    );
  }
}
