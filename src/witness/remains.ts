import { setTimeout as sleep } from 'node:timers/promises';
import { DeleteParametersCommand, GetParametersByPathCommand } from '@aws-sdk/client-ssm';
import type { AwsClients } from '../cloud/aws-clients.ts';
import type { FailedCall } from '../cloud/cloud-error.ts';
import type { Term } from '../core/types.ts';
import { decodeRegistration } from './registration-record.ts';
import { decodeRequest } from './request-record.ts';
import { decodeTermRecord } from './term-record.ts';

/** What stands below the prefix of a cluster. */
export interface Remains {
  /** Made by the daemons and commands of this cluster, by name and by content. */
  readonly made: readonly string[];
  /** The key, the configuration, and whatever else somebody put there. */
  readonly foreign: readonly string[];
}

/** The listing or a deletion failed; some may be deleted already. */
export class RemainsError extends Error {
  override readonly name = 'RemainsError';
  readonly denied: boolean;

  constructor({ reason, failure }: Pick<FailedCall, 'reason' | 'failure'>) {
    super(reason);
    this.denied = failure === 'denied';
  }
}

const CALL_TIMEOUT_MS = 10_000;
const BATCH_MAX = 10;
/** The account's limit on writes is shared with clusters that live. */
const PAUSE_MS = 400;

/** Throws RemainsError. */
export async function listRemains(
  clients: AwsClients,
  prefix: string,
  signal: AbortSignal,
): Promise<Remains> {
  const made: string[] = [];
  const foreign: string[] = [];
  let token: string | undefined;
  do {
    const command = new GetParametersByPathCommand({
      Path: prefix,
      Recursive: true,
      MaxResults: BATCH_MAX,
      NextToken: token,
    });
    const outcome = await clients.call(
      { operation: 'SSM GetParametersByPath', service: 'ssm', kind: 'read' },
      { signal, deadlineMs: CALL_TIMEOUT_MS },
      (options) => clients.ssm.send(command, options),
    );
    if (outcome.status === 'failed') throw new RemainsError(outcome.result);
    for (const { Name = '', Value = '' } of outcome.answer.Parameters ?? [])
      (isOwn(Name.slice(prefix.length + 1), Value) ? made : foreign).push(Name);
    token = outcome.answer.NextToken || undefined;
  } while (token !== undefined);
  const inOrder = new Intl.Collator('en', { numeric: true }).compare;
  return { made: made.toSorted(inOrder), foreign: foreign.toSorted(inOrder) };
}

/** By its place below the prefix and by what is in it: a name alone may be a coincidence. */
function isOwn(place: string, value: string): boolean {
  if (place === 'request') return decodeRequest(value).status === 'request';
  const [, group = '', rest = ''] = /^([^/]+)\/(.+)$/.exec(place) ?? [];
  const isProbe = value.startsWith('A probe of "eipkeeper doctor"');
  if (group === 'node' && /^doctor-[0-9a-f]{8}$/.test(rest)) return isProbe;
  if (group === 'node') return decodeRegistration(value, rest).status === 'registration';
  if (rest === 'newest') return /^[1-9][0-9]*$/.test(value);
  const [, term] = /^term\/([1-9][0-9]{0,14})$/.exec(rest) ?? [];
  if (term !== undefined) return decodeTermRecord(value, group, Number(term) as Term).status === 'record';
  return /^term\/doctor-[0-9a-f]{8}$/.test(rest) && isProbe;
}

/** In their order, ten at a time. Throws RemainsError, which says how many are deleted. */
export async function deleteRemains(
  clients: AwsClients,
  names: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  for (let start = 0; start < names.length; start += BATCH_MAX) {
    const progress = `${start} of ${names.length} deleted`;
    if (start > 0) await sleep(PAUSE_MS, undefined, { signal }).catch(() => {});
    if (signal.aborted) throw new RemainsError({ failure: 'not-sent', reason: `given up; ${progress}` });
    const batch = names.slice(start, start + BATCH_MAX);
    const outcome = await clients.call(
      { operation: 'SSM DeleteParameters', service: 'ssm', kind: 'write' },
      { signal, deadlineMs: CALL_TIMEOUT_MS },
      (options) => clients.ssm.send(new DeleteParametersCommand({ Names: [...batch] }), options),
    );
    if (outcome.status === 'answered') continue;
    const { failure, reason } = outcome.result;
    throw new RemainsError({ failure, reason: `${reason}; ${progress}` });
  }
}
