import { Argument, type Command } from 'commander';
import type { ControlClient } from '../../control/client.ts';
import { EXIT } from '../../control/exit-codes.ts';
import type { ControlRequestInput } from '../../control/protocol.ts';
import { chooseGroup } from '../choose-group.ts';
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
import { printable } from '../printable.ts';
import { reportResult } from '../report-result.ts';

interface Options extends ConnectionOptions {
  readonly output: Output;
  readonly node?: string;
}

export function addMaintenance(program: Command, io: CliIo, finish: Finish): void {
  const command = program
    .command('maintenance')
    .addArgument(new Argument('<setting>', 'on or off').choices(['on', 'off']))
    .argument('[group]', 'this group only; without it, all groups of the cluster')
    .description(
      'watch and report, and start, stop and move nothing, on all nodes, until "off"; survives reboots',
    );
  addOptions(command)
    .addHelpText('after', '\nExample:\n  eipkeeper maintenance on web\n')
    .action((setting: 'on' | 'off', group: string | undefined, options: Options) =>
      order(io, finish, group, options, (name) => ({
        request: { type: 'maintenance', group: name, on: setting === 'on' },
        done: `${name ?? 'every group'} is ${setting === 'on' ? 'in' : 'out of'} maintenance`,
        failed: `maintenance ${setting}`,
      })),
    );
}

export function addCleanup(program: Command, io: CliIo, finish: Finish): void {
  const command = program
    .command('cleanup')
    .argument('[group]', 'this group only; without it, all groups')
    .option('--node <name>', 'forget them on this node only')
    .description('forget the failures of services, so that a node that was mended may lead again');
  addOptions(command)
    .addHelpText('after', '\nExample:\n  eipkeeper cleanup web --node main\n')
    .action((group: string | undefined, options: Options) =>
      order(io, finish, group, options, (name) => ({
        request: { type: 'cleanup', group: name, node: options.node ?? null },
        done: `the failures of ${name ?? 'every group'} are forgotten${options.node === undefined ? '' : ` on ${options.node}`}`,
        failed: 'cleanup',
      })),
    );
}

const addOptions = (command: Command): Command =>
  command.addOption(outputOption()).addOption(configOption()).addOption(socketOption());

interface Order {
  readonly request: Extract<ControlRequestInput, { type: 'maintenance' | 'cleanup' }>;
  readonly done: string;
  readonly failed: string;
}

async function order(
  io: CliIo,
  finish: Finish,
  group: string | undefined,
  options: Options,
  orderOf: (group: string | null) => Order,
): Promise<void> {
  const client: ControlClient = await connectToDaemon(io, options);
  const snapshot = await client.status();
  if (group !== undefined) chooseGroup(snapshot, group);
  const names = snapshot.nodes.map(({ name }) => name);
  if (options.node !== undefined && !names.includes(options.node)) {
    throw new CliError(`there is no node ${options.node}: there are ${names.join(', ')}`, EXIT.usage);
  }
  const { request, done, failed } = orderOf(group ?? null);
  const result = await client.command(request);
  // Done here and wherever it was heard; who was not heard is named.
  const but = result.reason === '' ? '' : `; but ${printable(result.reason)}`;
  reportResult(io, finish, result, { output: options.output, done: `${done}${but}`, failed, hint: '' });
}
