import { GetParameterCommand } from '@aws-sdk/client-ssm';
import type { AwsClients } from '../cloud/aws-clients.ts';
import type { ParameterReader } from '../config/read-source.ts';

const READ_TIMEOUT_MS = 5_000;

/** The sentence of the call that failed. */
export class ParameterError extends Error {
  override readonly name = 'ParameterError';
  readonly denied: boolean;

  constructor(message: string, { denied = false } = {}) {
    super(message);
    this.denied = denied;
  }
}

/** Reads keys and configurations that are kept in Parameter Store. Throws ParameterError. */
export function createParameterReader(clients: AwsClients, signal: AbortSignal): ParameterReader {
  return async (name, { decrypt }) => {
    const outcome = await clients.call(
      { operation: 'SSM GetParameter', service: 'ssm', kind: 'read' },
      { signal, deadlineMs: READ_TIMEOUT_MS },
      (options) =>
        clients.ssm.send(new GetParameterCommand({ Name: name, WithDecryption: decrypt }), options),
    );
    if (outcome.status === 'failed') {
      const { reason, failure } = outcome.result;
      throw new ParameterError(reason, { denied: failure === 'denied' });
    }
    const value = outcome.answer.Parameter?.Value;
    if (value === undefined)
      throw new ParameterError(`SSM GetParameter answered without a value for ${name}`);
    return value;
  };
}
