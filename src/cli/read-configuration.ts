import type { AwsClients } from '../cloud/aws-clients.ts';
import { ConfigError } from '../config/config-error.ts';
import type { Configuration } from '../config/configuration.ts';
import { loadConfiguration } from '../config/load.ts';
import { EXIT } from '../control/exit-codes.ts';
import { createParameterReader, ParameterError } from '../runtime/parameter-reader.ts';
import { withAws } from './aws-access.ts';
import { CliError } from './cli-error.ts';
import type { CliIo } from './cli-io.ts';

/** From a file; or from a parameter, with the operator's credentials. Throws ConfigError, CliError. */
export async function readConfiguration(
  io: CliIo,
  source: string,
  signal: AbortSignal,
): Promise<Configuration> {
  if (!source.startsWith('ssm:')) return loadConfiguration({ source });
  // A configuration in SSM cannot say in which Region it is.
  return withAws(io, { regionWays: 'AWS_REGION' }, signal, (clients) =>
    readFromParameter(clients, source, signal),
  );
}

/** Throws ConfigError; CliError where the role may not, and when the operator gives up. */
export async function readFromParameter(
  clients: AwsClients,
  source: string,
  signal: AbortSignal,
): Promise<Configuration> {
  try {
    return await loadConfiguration({ source, readParameter: createParameterReader(clients, signal) });
  } catch (error) {
    if (!(error instanceof ConfigError) || !(error.cause instanceof ParameterError)) throw error;
    if (signal.aborted) throw new CliError(`given up: ${source} was not read`, EXIT.error, { cause: error });
    if (error.cause.denied) throw new CliError(error.message, EXIT.noPermission, { cause: error });
    throw error;
  }
}
