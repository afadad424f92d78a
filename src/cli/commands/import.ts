import { randomBytes } from 'node:crypto';
import { isIP, isIPv4 } from 'node:net';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { KEY_BYTES } from '../../config/key-text.ts';
import { EXIT } from '../../control/exit-codes.ts';
import { isAllocation } from '../../import/address-resources.ts';
import type { EipOption } from '../../import/eip-options.ts';
import { type Imported, importHeartbeat } from '../../import/import-heartbeat.ts';
import { type FilesOfNode, readHeartbeatFiles, scriptFinder } from '../../import/read-files.ts';
import { remarkText } from '../../import/render.ts';
import { askElasticIps } from '../ask-elastic-ips.ts';
import { CliError } from '../cli-error.ts';
import type { CliIo } from '../cli-io.ts';
import { viewMachine } from '../machine-view.ts';
import { replaceFile, writeNewFile } from '../new-file.ts';

interface Options {
  readonly peer: ReadonlyMap<string, readonly string[]>;
  readonly eip: readonly EipOption[];
  readonly cluster?: string;
  readonly key: string;
  readonly keygen?: string;
  readonly output?: string;
  readonly force?: true;
  readonly ec2: boolean;
}

const DEFAULT_KEY = '/etc/eipkeeper/key';
const HELP = `
Reads ha.cf, haresources and authkeys. Where the files of the nodes differ in their ucast lines, give the directory
of each; "dir0=./copy" says which node one is from, where its name does not. What cannot be taken over as it stands
is listed, here and at the end of the configuration.

Examples:
  eipkeeper import /etc/ha.d --output eipkeeper.yaml
  eipkeeper import ./dir0 ./dir1 --output eipkeeper.yaml --keygen ./key
  eipkeeper import ./ha.d --peer server1=10.0.0.11 --peer server2=10.0.1.12 --eip updateEIP=203.0.113.10
`;

export function addImport(program: Command, io: CliIo): void {
  program
    .command('import')
    .description("make a configuration from Heartbeat's: ha.cf, haresources and authkeys")
    .argument('[directories...]', 'where the three files are (default: /etc/ha.d)')
    .addOption(
      new Option(
        '-p, --peer <node=address>',
        'the private address of a node, or several with commas, one for each path',
      )
        .argParser(collectPeer)
        .default(new Map<string, readonly string[]>(), 'none'),
    )
    .addOption(
      new Option(
        '-e, --eip <place>',
        'an allocation or public address: of the script or address before its "=", or of the only group that lacks one',
      )
        .argParser(collectEip)
        .default([], 'none'),
    )
    .option('--cluster <name>', 'the name of the cluster (default: that of ha.cf, or its first node)')
    .addOption(
      new Option('--key <place>', 'where the key will be: a path, or ssm:/name').default(DEFAULT_KEY),
    )
    .option('--keygen <file>', 'make the new key now, in a new file')
    .option('-o, --output <file>', 'write a new file instead of printing')
    .option('--force', 'let --output replace a file that is there')
    .option('--no-ec2', 'do not ask EC2 whether an address is an Elastic IP')
    .addHelpText('after', HELP)
    .action(async (directories: readonly string[], options: Options) => {
      refuseContradictions(options);
      const imported = await makeConfiguration(
        io,
        directories.length === 0 ? ['/etc/ha.d'] : directories,
        options,
      );
      await writeResult(io, imported, options);
      io.stderr(report(imported, options));
    });
}

function refuseContradictions({ force, output, key }: Options): void {
  if (force === true && output === undefined)
    throw new CliError('--force is for --output: add it', EXIT.usage);
  if (key.startsWith('/') || key.startsWith('ssm:/')) return;
  throw new CliError(`--key ${key}: write an absolute path, or ssm:/name`, EXIT.usage);
}

async function makeConfiguration(
  io: CliIo,
  directories: readonly string[],
  { peer, eip, cluster, key, ec2 }: Options,
): Promise<Imported> {
  const places = directories.map(toPlace);
  return importHeartbeat({
    sources: await readHeartbeatFiles(places),
    peers: peer,
    eips: eip,
    cluster: cluster ?? null,
    key,
    machine: await viewMachine(),
    finder: scriptFinder(places.map(({ directory }) => directory)),
    ask: async (addresses) => (ec2 ? askElasticIps(io, addresses) : new Map()),
    header: `Made by "eipkeeper import" from ${directories.join(' and ')}.\nWhat was not taken over as it stands is listed at the end.`,
  });
}

async function writeResult(io: CliIo, { text }: Imported, { output, force, keygen }: Options): Promise<void> {
  if (keygen !== undefined) {
    // First: the configuration can be made again, and a key that is there is never replaced.
    const wayOut =
      'nothing was written; name another file, or go on with the key in it and leave --keygen out';
    await writeNewFile(keygen, `${randomBytes(KEY_BYTES).toString('base64')}\n`, { mode: 0o600, wayOut });
  }
  if (output === undefined) io.stdout(text);
  else if (force === true) await replaceFile(output, text, 0o644);
  else await writeNewFile(output, text, { mode: 0o644, wayOut: 'take another name, or add --force' });
}

function report({ remarks, nodes, groups }: Imported, { output, keygen, key }: Options): string {
  const counts = `${nodes} nodes, ${groups} ${groups === 1 ? 'group' : 'groups'}`;
  const steps = [
    keyStep(key, keygen),
    'add the instanceId of each node',
    `eipkeeper config check ${output ?? '<file>'}, and eipkeeper doctor on each node`,
    'go on with docs/migration.md',
  ];
  return `${remarkText(remarks)}${output ?? 'The configuration'}: ${counts}. Next:\n${steps.map((step) => `  - ${step}\n`).join('')}`;
}

function keyStep(key: string, made: string | undefined): string {
  if (made !== undefined) return `bring ${made} to all nodes as ${key}`;
  if (key.startsWith('ssm:')) return `eipkeeper keygen --ssm ${key.slice('ssm:'.length)}`;
  return `eipkeeper keygen --output ${key}, and the same file on all nodes`;
}

/** "dir0=./copy": a path with "=" in it can be written as ./path. */
function toPlace(argument: string): FilesOfNode {
  const match = /^([A-Za-z0-9][\w.-]*)=(.+)$/.exec(argument);
  return match === null
    ? { node: null, directory: argument }
    : { node: match[1] ?? null, directory: match[2] ?? '' };
}

function collectPeer(
  text: string,
  before: ReadonlyMap<string, readonly string[]>,
): ReadonlyMap<string, readonly string[]> {
  const match = /^([^=]+)=(.+)$/.exec(text);
  const [name = '', list = ''] = match?.slice(1) ?? [];
  const addresses = list.split(',');
  if (match === null || addresses.length > 4 || addresses.some((address) => isIP(address) === 0)) {
    throw new InvalidArgumentError(
      'Write it like server1=10.0.0.11, or with several paths server1=10.0.0.11,10.0.1.11.',
    );
  }
  if (before.has(name))
    throw new InvalidArgumentError(`${name} was given already: write its addresses with commas.`);
  return new Map([...before, [name, addresses]]);
}

function collectEip(text: string, before: readonly EipOption[]): readonly EipOption[] {
  const cut = text.lastIndexOf('=');
  const place = text.slice(cut + 1);
  if ((!isIPv4(place) && !isAllocation(place)) || cut === 0) {
    throw new InvalidArgumentError(
      'Write it like 203.0.113.10, eipalloc-0123456789abcdef0 or updateEIP=203.0.113.10.',
    );
  }
  return [...before, { what: cut < 0 ? null : text.slice(0, cut), place }];
}
