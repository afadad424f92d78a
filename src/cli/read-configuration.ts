import type { Configuration } from '../config/configuration.ts';
import { loadConfiguration } from '../config/load.ts';
import { createParameterReader } from '../runtime/parameter-reader.ts';
import { withAws } from './aws-access.ts';
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
    loadConfiguration({ source, readParameter: createParameterReader(clients, signal) }),
  );
}
