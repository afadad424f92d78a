import { formatDuration } from '../config/duration.ts';
import type { SigningMethod } from './authkeys.ts';
import { type ClusterSettings, canBeAsked, HEARTBEAT_PORT } from './cluster-settings.ts';
import { parseHeartbeatBoolean } from './ha-cf.ts';
import { formatPlace } from './import-error.ts';
import type { ImportedGroup } from './import-groups.ts';
import type { ImportedTimings } from './import-timings.ts';
import type { NodeAddress } from './node-addresses.ts';
import type { Remark } from './remark.ts';
import type { ImportedResource } from './service-resources.ts';
import { inline, scalar, withComments, type YamlLine } from './yaml-lines.ts';

/** Everything that the configuration is written from. */
export interface Plan {
  readonly cluster: { readonly name: string; readonly from: string };
  /** A path, or "ssm:" and the name of a parameter. */
  readonly key: string;
  /** null: there was no authkeys. */
  readonly signing: SigningMethod | null;
  readonly settings: ClusterSettings;
  /** Names of ha.cf, with those of the configuration. */
  readonly names: ReadonlyMap<string, string>;
  readonly addresses: ReadonlyMap<string, readonly NodeAddress[]>;
  readonly timings: ImportedTimings;
  readonly groups: readonly ImportedGroup[];
}

/** The most that `ping` takes. */
export const MOST_PING_NODES = 9;

/** Ping nodes are acted on only where ipfail ran. */
export const pingNodes = ({ ping, ipfail }: ClusterSettings) =>
  ipfail === null ? [] : ping.filter(({ value }) => canBeAsked(value)).slice(0, MOST_PING_NODES);

export function planLines(plan: Plan): readonly YamlLine[] {
  return [
    { text: `cluster: ${scalar(plan.cluster.name)}`, from: plan.cluster.from },
    { text: `key: ${inline(keySource(plan.key))}`, from: keyComment(plan.signing) },
    portLine(plan.settings),
    ...logLines(plan.settings),
    ...nodeLines(plan),
    ...timingLines(plan.timings),
    ...pingLines(plan.settings),
    { text: 'groups:', from: 'haresources' },
    ...plan.groups.flatMap((group) => groupLines(group, plan)),
  ];
}

const keySource = (key: string): Readonly<Record<string, string>> =>
  key.startsWith('ssm:') ? { ssm: key.slice('ssm:'.length) } : { file: key };

function keyComment(signing: SigningMethod | null): string {
  if (signing === null) return 'no authkeys: a new key';
  return `${formatPlace(signing.place)} ${signing.method}: a new key instead, of 32 random bytes`;
}

/** Of the ucast lines; where none is, the one that is written. */
function portLine({ media, udpport }: ClusterSettings): YamlLine {
  const [first] = media;
  const port = first?.port ?? Number(udpport?.values[0] ?? HEARTBEAT_PORT);
  const written = port === Number(udpport?.values[0]) ? udpport : null;
  const from =
    written === null
      ? "Heartbeat's port, where no udpport comes first"
      : `${formatPlace(written.place)} ${written.text}`;
  return { text: `port: ${port}`, from };
}

function logLines({ debug }: ClusterSettings): readonly YamlLine[] {
  if (debug === null || parseHeartbeatBoolean(debug.values[0] ?? '') === false) return [];
  return [{ text: 'log: { level: debug }', from: `${formatPlace(debug.place)} ${debug.text}` }];
}

function nodeLines({ settings, names, addresses }: Plan): readonly YamlLine[] {
  const lines = settings.nodes.map(({ value, line }) => {
    const name = names.get(value) ?? value;
    const own = addresses.get(value) ?? [];
    const [only, ...more] = own.map(({ address }) => address);
    const where = more.length === 0 ? { address: only } : { addresses: [only, ...more] };
    const hostname = name === value ? {} : { hostname: value };
    const from = [`${formatPlace(line.place)} node ${value}`, ...own.map((each) => each.from)];
    return {
      text: `  ${scalar(name)}: ${inline({ ...where, ...hostname })}`,
      from: [...new Set(from)].join('; '),
    };
  });
  return [{ text: 'nodes:', from: 'ha.cf: node and ucast' }, ...lines];
}

function timingLines({ times }: ImportedTimings): readonly YamlLine[] {
  const from = 'ha.cf; without these lines a dead node is replaced in about 2 s';
  return [
    { text: 'timings:', from },
    ...times.map((time) => ({ text: `  ${time.name}: ${formatDuration(time.ms)}`, from: time.from })),
  ];
}

function pingLines(settings: ClusterSettings): readonly YamlLine[] {
  const nodes = pingNodes(settings);
  const { ipfail } = settings;
  if (nodes.length === 0 || ipfail === null) return [];
  return [
    { text: 'ping:', from: `${formatPlace(ipfail.place)} ${ipfail.text}` },
    ...nodes.map(({ value, line }) => ({
      text: `  - icmp: ${scalar(value)}`,
      from: `${formatPlace(line.place)} ${line.text}`,
    })),
  ];
}

function groupLines(group: ImportedGroup, { settings, timings }: Plan): readonly YamlLine[] {
  const { failback } = settings;
  const lines: YamlLine[] = [
    { text: `  ${scalar(group.name)}:`, from: group.from },
    { text: `    nodes: ${inline(group.nodes)}`, from: group.from },
    {
      text: `    failback: ${failback?.value ?? 'auto'}`,
      from:
        failback === null
          ? "auto_failback is not written: Heartbeat's legacy"
          : `${formatPlace(failback.line.place)} ${failback.line.text}`,
    },
  ];
  if (group.isWarm) lines.push({ text: '    standbyServices: warm', from: 'a service is in two groups' });
  if (group.isExclusive && timings.exclusiveDeadtimeMs !== null) {
    const text = `    timings: { deadtime: ${formatDuration(timings.exclusiveDeadtimeMs)} }`;
    lines.push({ text, from: 'a service that must never run twice is stopped within it' });
  }
  lines.push({ text: '    resources:', from: group.from });
  return [...lines, ...group.resources.map(resourceLine)];
}

function resourceLine({ type, settings, written }: ImportedResource): YamlLine {
  const from = written === null ? '--eip' : `${formatPlace(written.place)} ${written.text}`;
  return { text: `      - ${type}: ${inline(settings)}`, from };
}

const HEADINGS: Readonly<Record<Remark['kind'], string>> = {
  changed: 'Means something else, or was filled in',
  'left-out': 'Left out',
  check: 'To be looked at',
};

/** The remarks by what they ask of the reader: what to look at comes first. */
export function remarkText(remarks: readonly Remark[]): string {
  const kinds = ['check', 'changed', 'left-out'] as const;
  return kinds
    .map((kind) => ({ kind, own: remarks.filter((remark) => remark.kind === kind) }))
    .filter(({ own }) => own.length > 0)
    .map(({ kind, own }) => `${HEADINGS[kind]}:\n${own.map(remarkLine).join('')}`)
    .join('');
}

const remarkLine = ({ place, text }: Remark): string =>
  `  - ${place === null ? '' : `${formatPlace(place)}: `}${text}\n`;

/** The whole file. */
export function renderConfiguration(plan: Plan, remarks: readonly Remark[], header: string): string {
  const notes = remarkText(remarks);
  const end = notes === '' ? '' : `\n${asComment(notes)}`;
  return `${asComment(header)}${withComments(planLines(plan))}${end}`;
}

const asComment = (text: string): string =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => `# ${line}\n`)
    .join('');
