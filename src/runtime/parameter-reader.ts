import { GetParameterCommand } from '@aws-sdk/client-ssm';
import type { AwsClients } from '../cloud/aws-clients.ts';
import type { ParameterReader } from '../config/read-source.ts';

const READ_TIMEOUT_MS = 5_000;

/** Reads keys and configurations that are kept in Parameter Store. Throws with the sentence of the failed call. */
export function createParameterReader(clients: AwsClients, signal: AbortSignal): ParameterReader {
  return async (name, { decrypt }) => {
    const outcome = await clients.call(
      { operation: 'SSM GetParameter', service: 'ssm', kind: 'read' },
      { signal, deadlineMs: READ_TIMEOUT_MS },
      (options) =>
        clients.ssm.send(new GetParameterCommand({ Name: name, WithDecryption: decrypt }), options),
    );
    if (outcome.status === 'failed') throw new Error(outcome.result.reason);
    const value = outcome.answer.Parameter?.Value;
    if (value === undefined) throw new Error(`SSM GetParameter answered without a value for ${name}`);
    return value;
  };
}
