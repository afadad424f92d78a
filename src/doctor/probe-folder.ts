import { randomBytes } from 'node:crypto';
import { DeleteParametersCommand, PutParameterCommand } from '@aws-sdk/client-ssm';
import type { AwsClients } from '../cloud/aws-clients.ts';
import { type Finding, warning } from './check.ts';
import { callFailure } from './explain-error.ts';

const CALL_TIMEOUT_MS = 5_000;

/** What was found by writing, by folder. */
export type Written = Map<string, Finding | null>;

export interface Probe {
  readonly folder: string;
  /** What it means when the probe cannot be deleted. */
  readonly stays: string;
  /** Where this was written to before, nothing is: writes are what claims need of the account's limit. */
  readonly written: Written;
}

/**
 * Whether parameters can be made and deleted below a folder, by one that is neither a term nor a node. null: they
 * can. One that could not be deleted is remembered as well, so that no second one stays beside it.
 */
export async function probeFolder(
  clients: AwsClients,
  { folder, stays, written }: Probe,
  signal: AbortSignal,
): Promise<Finding | null> {
  const before = written.get(folder);
  if (before !== undefined) return before;
  const name = `${folder}/doctor-${randomBytes(4).toString('hex')}`;
  const put = new PutParameterCommand({
    Name: name,
    Value: 'A probe of "eipkeeper doctor": delete it.',
    Type: 'String',
    Overwrite: false,
  });
  const made = await clients.call(
    { operation: 'SSM PutParameter', service: 'ssm', kind: 'write' },
    { signal, deadlineMs: CALL_TIMEOUT_MS },
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
    return callFailure(made.result, `the role needs ssm:PutParameter on ${folder}/*`);
  }
  const found =
    removed?.status === 'failed'
      ? warning(
          `${stays} (${name}): ${removed.result.reason}`,
          `the role needs ssm:DeleteParameters on ${folder}/*; delete the probe by hand`,
        )
      : null;
  written.set(folder, found);
  return found;
}
