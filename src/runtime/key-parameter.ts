import { setTimeout as sleep } from 'node:timers/promises';
import { PutParameterCommand } from '@aws-sdk/client-ssm';
import type { AwsClients } from '../cloud/aws-clients.ts';
import { errorCode } from '../cloud/cloud-error.ts';
import { KeyStoreError } from './key-store.ts';

export interface KeyParameter {
  /** "/eipkeeper/web/key" */
  readonly name: string;
  /** What is written when there is none. */
  readonly text: string;
  /** null: the key that SSM keeps for the account. */
  readonly kmsKeyId: string | null;
}

const CALL_TIMEOUT_MS = 5_000;
const PAUSE_MS = 2_000;

/**
 * Creates a SecureString unless one of that name is there: of all nodes that boot at once, one makes the key.
 * Tries for `patienceMs`, since a new role takes a while to be known everywhere. Throws KeyStoreError with the
 * sentence of the last failed call. A call whose answer was lost may have made it: it is then found as one that is there.
 */
export async function createKeyParameter(
  clients: AwsClients,
  { name, text, kmsKeyId }: KeyParameter,
  { signal, patienceMs }: { readonly signal: AbortSignal; readonly patienceMs: number },
): Promise<'created' | 'was-there'> {
  const untilMs = performance.now() + patienceMs;
  for (;;) {
    const outcome = await clients.call(
      { operation: 'SSM PutParameter', service: 'ssm', kind: 'write' },
      { signal, deadlineMs: CALL_TIMEOUT_MS },
      (options) =>
        clients.ssm.send(
          new PutParameterCommand({
            Name: name,
            Value: text,
            Type: 'SecureString',
            Overwrite: false,
            ...(kmsKeyId === null ? {} : { KeyId: kmsKeyId }),
          }),
          options,
        ),
    );
    if (outcome.status !== 'failed') return 'created';
    if (errorCode(outcome.error) === 'ParameterAlreadyExists') return 'was-there';
    const { failure, reason } = outcome.result;
    const refusal = new KeyStoreError(reason, failure === 'denied', { cause: outcome.error });
    if (failure === 'invalid' || performance.now() + PAUSE_MS > untilMs) throw refusal;
    await sleep(PAUSE_MS, undefined, { signal }).catch(() => {
      throw refusal;
    });
  }
}
