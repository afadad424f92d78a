import { randomBytes } from 'node:crypto';
import { DeleteParametersCommand, PutParameterCommand } from '@aws-sdk/client-ssm';
import type { AwsClients } from '../../cloud/aws-clients.ts';
import { ParameterNames } from '../../witness/parameter-names.ts';
import { ParameterReader } from '../../witness/parameter-reader.ts';
import { type Check, type Finding, needs, ok, warning } from '../check.ts';
import { callFailure } from '../explain-error.ts';

const CALL_TIMEOUT_MS = 5_000;

interface Tried {
  readonly clients: AwsClients;
  readonly names: ParameterNames;
  readonly group: string;
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
    for (const [group] of groups) findings.push(await tryGroup({ clients, names, group, signal }));
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

async function tryWriting({ clients, names, group, signal }: Tried): Promise<Finding> {
  const name = `${names.terms(group)}/doctor-${randomBytes(4).toString('hex')}`;
  const bounds = { signal, deadlineMs: CALL_TIMEOUT_MS };
  const put = new PutParameterCommand({
    Name: name,
    Value: 'A probe of "eipkeeper doctor": delete it.',
    Type: 'String',
    Overwrite: false,
  });
  const made = await clients.call(
    { operation: 'SSM PutParameter', service: 'ssm', kind: 'write' },
    bounds,
    (options) => clients.ssm.send(put, options),
  );
  const remove = new DeleteParametersCommand({ Names: [name] });
  // Also after a call that failed: whether it had an effect may not be known.
  const mayExist = made.status !== 'failed' || made.result.failure === 'unknown';
  const removed = !mayExist
    ? null
    : await clients.call(
        { operation: 'SSM DeleteParameters', service: 'ssm', kind: 'write' },
        // The probe goes, whoever has given up waiting.
        { signal: new AbortController().signal, deadlineMs: CALL_TIMEOUT_MS },
        (options) => clients.ssm.send(remove, options),
      );
  if (made.status === 'failed') {
    return callFailure(made.result, `the role needs ssm:PutParameter on ${names.terms(group)}/*`);
  }
  if (removed?.status === 'failed') {
    return warning(
      `${group}: old terms would stay, as ${name} does now: ${removed.result.reason}`,
      `the role needs ssm:DeleteParameters on ${names.terms(group)}/*; delete the probe by hand`,
    );
  }
  return ok(`${names.terms(group)}: read, written and deleted`);
}
