import type { Command } from 'commander';
import { EXIT } from '../../control/exit-codes.ts';
import { chooseGroup, chooseTarget } from '../choose-group.ts';
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
import { reportResult } from '../report-result.ts';
import { timeoutOption } from '../timeout-option.ts';
import { withProgress } from '../with-progress.ts';

interface Options extends ConnectionOptions {
  readonly to?: string;
  readonly group?: string;
  readonly timeout: number;
  readonly output: Output;
  readonly force?: boolean;
}

export function addSwitchover(program: Command, io: CliIo, finish: Finish): void {
  addMoveOptions(program.command('switchover'))
    .description(
      'move a group to another node that is healthy, without losing a request (hb_takeover, hb_standby)',
    )
    .addHelpText(
      'after',
      '\nExample:\n  eipkeeper switchover --to aux\n\nRefused, with the reason, when anything is in the way: exit code 107, or 106 without the witness.\n',
    )
    .action((options: Options) => move(io, finish, options, 'switchover'));
}

export function addFailover(program: Command, io: CliIo, finish: Finish): void {
  addMoveOptions(program.command('failover'))
    .description('the same as switchover; with --force, take the group although something is broken')
    .option(
      '-f, --force',
      'take the group without its leader: for when it does not answer or cannot hand over',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  eipkeeper failover --to aux\n  eipkeeper failover --to aux --force\n',
    )
    .action((options: Options) => move(io, finish, options, options.force === true ? 'force' : 'switchover'));
}

function addMoveOptions(command: Command): Command {
  return command
    .option('-t, --to <node>', 'the node that should lead; needed when there is more than one other')
    .option('-g, --group <group>', 'needed when there are several')
    .addOption(timeoutOption())
    .addOption(outputOption())
    .addOption(configOption())
    .addOption(socketOption());
}

async function move(
  io: CliIo,
  finish: Finish,
  options: Options,
  kind: 'switchover' | 'force',
): Promise<void> {
  const client = await connectToDaemon(io, options);
  const snapshot = await client.status();
  const group = chooseGroup(snapshot, options.group);
  const target = chooseTarget(group, options.to);
  const from = group.leader === null ? '' : ` from ${group.leader}`;
  if (options.output === 'text') io.stderr(`moving ${group.name}${from} to ${target} …\n`);
  const ask = () =>
    client.command({ type: 'move', group: group.name, target, kind, timeoutMs: options.timeout });
  const result = options.output === 'text' ? await withProgress(io, client, ask) : await ask();
  const mayForce =
    kind === 'switchover' && (result.exitCode === EXIT.unsafe || result.exitCode === EXIT.noQuorum);
  const forced = `eipkeeper failover --group ${group.name} --to ${target} --force`;
  reportResult(io, finish, result, {
    output: options.output,
    done: `${group.name} is on ${target}`,
    failed: `${group.name} was not moved to ${target}`,
    hint: mayForce ? `If the leader is broken: ${forced}` : '',
  });
}
