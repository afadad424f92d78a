import type { AwsClients } from '../../cloud/aws-clients.ts';
import { ParameterNames } from '../../witness/parameter-names.ts';
import { ParameterReader } from '../../witness/parameter-reader.ts';
import { type Check, type Finding, needs, ok } from '../check.ts';
import { callFailure } from '../explain-error.ts';
import { probeFolder, type Written } from '../probe-folder.ts';

const CALL_TIMEOUT_MS = 5_000;

interface Tried {
  readonly clients: AwsClients;
  readonly names: ParameterNames;
  readonly group: string;
  readonly written: Written;
  readonly signal: AbortSignal;
}

/** What a leader does in Parameter Store, done under a name that is no term and is deleted again. */
export const witness: Check = {
  name: 'witness',
  async look(context, signal) {
    const clients = await needs('the configuration or the metadata', context.clients());
    const { file, witnessPrefix } = await context.configuration();
    const names = new ParameterNames(witnessPrefix);
    const self = await needs('its place among the nodes', context.self());
    const groups = Object.entries(file.groups).filter(([, { nodes }]) => nodes.includes(self));
    const findings: Finding[] = [];
    const { written } = context;
    for (const [group] of groups) findings.push(await tryGroup({ clients, names, group, written, signal }));
    return findings;
  },
};

async function tryGroup(tried: Tried): Promise<Finding> {
  return (await tryReading(tried)) ?? (await tryWriting(tried));
}

async function tryReading({ clients, names, group, signal }: Tried): Promise<Finding | null> {
  const reader = new ParameterReader(clients);
  const bounds = { signal, deadlineMs: CALL_TIMEOUT_MS };
  const wanted = [names.newest(group), names.request];
  const readings = await Promise.all(wanted.map((name) => reader.read(name, bounds)));
  for (const reading of readings) {
    if (reading.status === 'failed') {
      return callFailure(reading.failed, `the role needs ssm:GetParameters on ${wanted.join(' and ')}`);
    }
  }
  const listing = await reader.list(names.terms(group), bounds);
  if (listing.status === 'listed') return null;
  return callFailure(listing.failed, `the role needs ssm:GetParametersByPath on ${names.terms(group)}`);
}

async function tryWriting({ clients, names, group, written, signal }: Tried): Promise<Finding> {
  const folder = names.terms(group);
  const stays = `${group}: old terms would stay, as the probe does now`;
  const wrong = await probeFolder(clients, { folder, stays, written }, signal);
  return wrong ?? ok(`${folder}: read, written and deleted`);
}
