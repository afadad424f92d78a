import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../../config/duration.ts';
import { parseConfiguration } from '../../config/load.ts';
import { readSource } from '../../config/read-source.ts';
import type { ConfigurationFile } from '../../config/schema.ts';
import { EXIT } from '../../control/exit-codes.ts';
import { type ConfigurationSource, DEFAULT_WAIT_SECONDS, type UserDataInput } from '../../user-data/input.ts';
import { parsePackageSource } from '../../user-data/package-source.ts';
import { userDataScript } from '../../user-data/script.ts';
import { UserDataError } from '../../user-data/user-data-error.ts';
import { CliError } from '../cli-error.ts';
import type { CliIo } from '../cli-io.ts';
import { DEFAULT_CONFIG_PATH } from '../connection.ts';
import { requireParameterName } from '../parameter-name.ts';

interface Options {
  readonly config: string;
  readonly package: string;
  readonly sha256?: string;
  /** true: the parameter that the configuration names. */
  readonly generateKey?: string | true;
  readonly kmsKey?: string;
  readonly nginx: boolean;
  readonly wait: number;
  readonly signal?: string;
}

export function addUserData(program: Command, io: CliIo): void {
  program
    .command('user-data')
    .description('print a script for the user data of an instance, which makes it a node')
    .option(
      '-c, --config <path>',
      'a file, which is checked and put into the script, or ssm:/name/of/a/parameter, which every node reads itself',
      DEFAULT_CONFIG_PATH,
    )
    .requiredOption('-p, --package <place>', 's3://bucket/key, a URL, or npm:eipkeeper@1.2.3')
    .option('--sha256 <digits>', 'what the package must have, from S3 or a URL')
    .option('--generate-key [parameter]', 'let the first node make the key, as a SecureString in SSM')
    .option('--kms-key <id>', 'the KMS key of that SecureString (default: the one of SSM)')
    .option('--no-nginx', 'neither install nginx nor keep it from starting at boot')
    .addOption(
      new Option('--wait <duration>', 'how long a node may take to be fit to serve')
        .argParser(readSeconds)
        .default(DEFAULT_WAIT_SECONDS, '10m'),
    )
    .option('--signal <url>', 'the handle of a CloudFormation wait condition, told how it ended')
    .addHelpText(
      'after',
      '\nExamples:\n  eipkeeper user-data --config ssm:/eipkeeper/web/config --package s3://my-bucket/eipkeeper.rpm\n  eipkeeper user-data --config ./eipkeeper.yaml --package https://example.com/eipkeeper.deb --generate-key > user-data.sh\n',
    )
    .action(async (options: Options) => {
      const { configuration, file } = await readConfiguration(options.config);
      const generateKey = keyToGenerate(options, file);
      if (file?.key.kind === 'file') {
        io.stderr(
          `eipkeeper: the script does not bring ${file.key.path}: it must be in the image, or name the key as ssm and add --generate-key\n`,
        );
      }
      io.stdout(scriptOf(options, configuration, generateKey));
    });
}

function scriptOf(
  options: Options,
  configuration: ConfigurationSource,
  generateKey: UserDataInput['generateKey'],
): string {
  try {
    return userDataScript({
      package: parsePackageSource(options.package, options.sha256),
      configuration,
      generateKey,
      nginx: options.nginx,
      waitSeconds: options.wait,
      signalUrl: options.signal ?? null,
    });
  } catch (error) {
    if (error instanceof UserDataError) throw new CliError(error.message, EXIT.usage, { cause: error });
    throw error;
  }
}

/** A file is read and checked here, so that what is wrong with it is not found out on the instance. */
async function readConfiguration(
  source: string,
): Promise<{ readonly configuration: ConfigurationSource; readonly file: ConfigurationFile | null }> {
  if (source.startsWith('ssm:')) {
    const parameter = source.slice('ssm:'.length);
    if (!/^(\/[\w.-]+)+$/.test(parameter)) {
      throw new CliError(
        `${JSON.stringify(source)} names no parameter: write it like ssm:/eipkeeper/web/config`,
        EXIT.usage,
      );
    }
    return { configuration: { kind: 'ssm', parameter }, file: null };
  }
  const bytes = await readSource(source);
  const { file } = parseConfiguration(bytes, source);
  return { configuration: { kind: 'inline', text: Buffer.from(bytes).toString('utf8') }, file };
}

function keyToGenerate(
  { generateKey, kmsKey }: Options,
  file: ConfigurationFile | null,
): UserDataInput['generateKey'] {
  if (generateKey === undefined) {
    if (kmsKey !== undefined) throw new CliError('--kms-key is for --generate-key: add it', EXIT.usage);
    return null;
  }
  const configured = file?.key.kind === 'ssm' ? file.key.name : undefined;
  if (generateKey !== true) requireParameterName('--generate-key', generateKey);
  const parameter = generateKey === true ? configured : generateKey;
  if (parameter === undefined) {
    throw new CliError(
      'which parameter the key goes into is not known: name it, like --generate-key /eipkeeper/web/key',
      EXIT.usage,
    );
  }
  if (configured !== undefined && configured !== parameter) {
    throw new CliError(
      `the configuration reads the key from ${configured}, not from ${parameter}: leave the name out`,
      EXIT.usage,
    );
  }
  return { parameter, kmsKeyId: kmsKey ?? null };
}

function readSeconds(text: string): number {
  const parsed = parseDuration(text);
  if (!parsed.ok) throw new InvalidArgumentError(parsed.reason);
  if (parsed.ms < 1_000) throw new InvalidArgumentError('must be at least 1s');
  return Math.round(parsed.ms / 1_000);
}
