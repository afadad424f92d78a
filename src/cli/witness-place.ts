import { Option } from 'commander';
import type { ConfigurationFile } from '../config/schema.ts';
import { EXIT } from '../control/exit-codes.ts';
import type { AwsPlace } from './aws-access.ts';
import { CliError } from './cli-error.ts';
import type { CliIo } from './cli-io.ts';
import { readConfiguration } from './read-configuration.ts';

export interface WitnessPlaceOptions {
  readonly config: string;
  readonly prefix?: string;
  readonly region?: string;
}

export interface WitnessPlace {
  readonly prefix: string;
  readonly place: AwsPlace;
  /** null: none was needed, since --prefix says where. */
  readonly file: ConfigurationFile | null;
}

export const prefixOption = (when: string): Option =>
  new Option(
    '--prefix <parameter>',
    `${when}where the cluster keeps its terms, like /eipkeeper/web (default: by the configuration)`,
  );

export const regionOption = (when: string): Option =>
  new Option('--region <region>', `${when}its Region (default: by the configuration, or AWS_REGION)`);

const REGION_WAYS = '--region, aws.region in the configuration, or AWS_REGION';

/** With --prefix no configuration is needed. Throws CliError, ConfigError. */
export async function witnessPlace(
  io: CliIo,
  { config, prefix, region }: WitnessPlaceOptions,
  signal: AbortSignal,
): Promise<WitnessPlace> {
  if (prefix !== undefined) {
    if (!/^(\/[A-Za-z0-9_.-]+)+$/.test(prefix)) {
      throw new CliError(`--prefix ${prefix} names no parameter: write it like /eipkeeper/web`, EXIT.usage);
    }
    return { prefix, place: { region, regionWays: REGION_WAYS }, file: null };
  }
  const { file, witnessPrefix } = await readConfiguration(io, config, signal);
  const place = {
    region: region ?? file.aws.region,
    endpoint: file.aws.endpoint,
    regionWays: REGION_WAYS,
  };
  return { prefix: witnessPrefix, place, file };
}
