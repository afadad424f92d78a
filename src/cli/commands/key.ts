import { type Command, Option } from 'commander';
import type { Configuration } from '../../config/configuration.ts';
import { loadConfiguration } from '../../config/load.ts';
import { EXIT } from '../../control/exit-codes.ts';
import { FileKeyStore, type KeyStore, KeyStoreError, ParameterKeyStore } from '../../runtime/key-store.ts';
import { type AwsPlace, withAws } from '../aws-access.ts';
import { CliError } from '../cli-error.ts';
import type { CliIo } from '../cli-io.ts';
import {
  type ConnectionOptions,
  configOption,
  connectToDaemon,
  type Output,
  outputOption,
  socketOption,
} from '../connection.ts';
import type { Finish } from '../finish.ts';
import { type Rotation, rotateKey, rotationPlan } from '../key-rotation.ts';
import { readFromParameter } from '../read-configuration.ts';
import { reportResult } from '../report-result.ts';
import { timeoutOption } from '../timeout-option.ts';

interface Options extends ConnectionOptions {
  readonly output: Output;
  readonly timeout: number;
  readonly without: readonly string[];
  readonly kmsKey?: string;
  readonly dryRun?: boolean;
}

export function addKey(program: Command, io: CliIo, finish: Finish): void {
  const key = program
    .command('key')
    .description('the key of the heartbeats')
    .addHelpText('after', '\nExample:\n  sudo eipkeeper key rotate --dry-run\n');
  key
    .command('rotate')
    .description('give the running cluster a new key, without a moment in which a node is deaf to another')
    .addOption(
      new Option('--without <node>', 'do not wait for this node, which is down for good; may be repeated')
        .argParser(append)
        .default([], 'none'),
    )
    .option('--kms-key <id>', 'the KMS key of the SecureString (default: the one that it has)')
    .option('-n, --dry-run', 'say what would be done')
    .addOption(timeoutOption().default(600_000, '10m'))
    .addOption(outputOption())
    .addOption(configOption())
    .addOption(socketOption())
    .addHelpText(
      'after',
      "\nExamples:\n  sudo --preserve-env=AWS_PROFILE eipkeeper key rotate\n  sudo eipkeeper key rotate --dry-run\n\nTyped on one node. A key in SSM takes credentials that may overwrite it, which a node's role may not. Of a key in\na file it says what to copy where. What was interrupted goes on when it is typed again. See docs/key.md.\n",
    )
    .action((options: Options) => rotate(io, finish, options));
}

const append = (node: string, nodes: readonly string[]): readonly string[] => [...nodes, node];

async function rotate(io: CliIo, finish: Finish, options: Options): Promise<void> {
  // The time of the command is for the nodes; a call to AWS has its own.
  const interrupted = io.interrupted();
  const bounds = {
    interrupted,
    signal: AbortSignal.any([interrupted, AbortSignal.timeout(options.timeout)]),
  };
  try {
    const fromFile = options.config.startsWith('ssm:')
      ? null
      : await loadConfiguration({ source: options.config });
    if (fromFile?.file.key.kind === 'file') {
      await work(io, options, fromFile, new FileKeyStore(fromFile.file.key.path), bounds);
    } else {
      await withAws(io, placeOf(fromFile), interrupted, async (clients) => {
        const configuration = fromFile ?? (await readFromParameter(clients, options.config, interrupted));
        const { key } = configuration.file;
        if (key.kind === 'env') throw inEnvironment(key.variable);
        const store =
          key.kind === 'file'
            ? new FileKeyStore(key.path)
            : new ParameterKeyStore(
                clients,
                { name: key.name, kmsKeyId: options.kmsKey ?? null },
                interrupted,
              );
        await work(io, options, configuration, store, bounds);
      });
    }
  } catch (error) {
    if (error instanceof KeyStoreError) throw explained(error, interrupted.aborted);
    throw error;
  }
  if (options.dryRun === true) return;
  reportResult(
    io,
    finish,
    { type: 'result', status: 'done', reason: '', exitCode: EXIT.ok },
    { output: options.output, done: 'the cluster has a new key', failed: '', hint: '' },
  );
}

/** A configuration in SSM cannot say where it is. */
function placeOf(fromFile: Configuration | null): AwsPlace {
  if (fromFile === null) return { regionWays: 'AWS_REGION' };
  return { ...fromFile.file.aws, regionWays: 'aws.region in the configuration, or AWS_REGION' };
}

async function work(
  io: CliIo,
  options: Options,
  { file }: Configuration,
  store: KeyStore,
  bounds: Pick<Rotation, 'signal' | 'interrupted'>,
): Promise<void> {
  if (file.previousKey !== undefined) {
    throw new CliError(
      'previousKey is in the configuration: end that change first, and leave it out',
      EXIT.misconfigured,
    );
  }
  const client = await connectToDaemon(io, options);
  const { node } = await client.status();
  const unknown = options.without.find((name) => !(name in file.nodes));
  if (unknown !== undefined) throw new CliError(`there is no node ${unknown}`, EXIT.usage);
  const peers = Object.keys(file.nodes).filter((name) => name !== node && !options.without.includes(name));
  const rotation: Rotation = {
    store,
    client,
    peers,
    addressOf: (name) => file.nodes[name]?.addresses[0] ?? name,
    ...bounds,
    say: (sentence) => {
      if (options.output === 'text') io.stderr(`${sentence}\n`);
    },
  };
  if (options.dryRun !== true) return rotateKey(rotation);
  const steps = await rotationPlan(rotation);
  if (options.output === 'json') io.stdout(`${JSON.stringify({ steps }, null, 2)}\n`);
  else io.stdout(steps.map((step, place) => `${place + 1}. ${step}\n`).join(''));
}

function inEnvironment(variable: string): CliError {
  return new CliError(
    `the key is in $${variable}, which a running daemon cannot read again: move it to a file or to SSM, or use previousKey (docs/key.md)`,
    EXIT.misconfigured,
  );
}

function explained(error: KeyStoreError, isInterrupted: boolean): CliError {
  if (isInterrupted) return new CliError(`given up: ${error.message}`, EXIT.error, { cause: error });
  const advice = error.denied
    ? "; the role of a node may not overwrite the key, so that no node can make its peers deaf: take an operator's credentials"
    : '';
  return new CliError(`${error.message}${advice}`, error.denied ? EXIT.noPermission : EXIT.unavailable, {
    cause: error,
  });
}
