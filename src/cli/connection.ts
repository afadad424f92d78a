import { Option } from 'commander';
import { readWrittenPath } from '../config/written-path.ts';
import type { ControlClient } from '../control/client.ts';
import type { CliIo } from './cli-io.ts';

export const DEFAULT_CONFIG_PATH = '/etc/eipkeeper/eipkeeper.yaml';
const DEFAULT_SOCKET_PATH = '/run/eipkeeper/eipkeeper.sock';

export interface ConnectionOptions {
  readonly config: string;
  readonly socket?: string;
}

export const configOption = (): Option =>
  new Option('-c, --config <path>', 'the configuration: a file, or ssm:/name/of/a/parameter')
    .env('EIPKEEPER_CONFIG')
    .default(DEFAULT_CONFIG_PATH);

export const socketOption = (): Option =>
  new Option('--socket <path>', 'the control socket of the daemon (default: the one in the configuration)');

const OUTPUT_FLAGS = '-o, --output <format>';

export const outputOption = (): Option =>
  new Option(OUTPUT_FLAGS, 'for people or for programs').choices(['text', 'json']).default('text');

/** Not the `--output` that names a file. */
export const isOutputOption = ({ flags }: Option): boolean => flags === OUTPUT_FLAGS;

export type Output = 'text' | 'json';

/**
 * The daemon on this machine. A configuration that is wrong must not keep anybody from asking a daemon that runs,
 * so only its socket is looked for; without one, in the usual place. Throws ConfigError.
 */
export async function connectToDaemon(
  io: CliIo,
  { config, socket }: ConnectionOptions,
): Promise<ControlClient> {
  return io.connect(socket ?? (await pathByConfiguration(config, ['socket', 'path'], DEFAULT_SOCKET_PATH)));
}

/**
 * What a configuration names, else the usual place. A file that was named and cannot be read is refused: the daemon
 * in the usual place may be another. Throws ConfigError then.
 */
export async function pathByConfiguration(
  config: string,
  setting: readonly string[],
  usual: string,
): Promise<string> {
  // Parameters are for the daemon to read: who asks it needs no credentials.
  if (config.startsWith('ssm:')) return usual;
  try {
    return (await readWrittenPath(config, setting)) ?? usual;
  } catch (error) {
    if (config !== DEFAULT_CONFIG_PATH) throw error;
    return usual;
  }
}
