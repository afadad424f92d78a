import type { Command } from 'commander';
import { EXIT } from '../../control/exit-codes.ts';
import type { ControlResult } from '../../control/protocol.ts';
import type { StatusSnapshot } from '../../control/status-snapshot.ts';
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
import { reportResult } from '../report-result.ts';
import { timeoutOption } from '../timeout-option.ts';
import { waitUntilLeft } from '../wait-until-left.ts';
import { withProgress } from '../with-progress.ts';

interface Options extends ConnectionOptions {
  readonly output: Output;
  readonly wait?: boolean;
  readonly timeout?: number;
}

export function addStandby(program: Command, io: CliIo, finish: Finish): void {
  addOptions(program.command('standby [node]'))
    .description(
      'hand over what this node leads, and let it lead nothing until "online" (hb_standby); survives a reboot',
    )
    .option('--no-wait', 'do not wait until the groups have left')
    .addOption(timeoutOption())
    .addHelpText(
      'after',
      '\nExample:\n  eipkeeper standby\n\nEnds with 0 when nothing is led here and no address is here any more. What no other node can take over stays\nhere until one can: that is said after ten seconds, with the reason and 124.\n',
    )
    .action((node: string | undefined, options: Options) => setDrained(io, finish, node, options, true));
}

export function addOnline(program: Command, io: CliIo, finish: Finish): void {
  addOptions(program.command('online [node]'))
    .description('let this node lead again after "standby"')
    .addHelpText('after', '\nExample:\n  eipkeeper online\n')
    .action((node: string | undefined, options: Options) => setDrained(io, finish, node, options, false));
}

const addOptions = (command: Command): Command =>
  command.addOption(outputOption()).addOption(configOption()).addOption(socketOption());

async function setDrained(
  io: CliIo,
  finish: Finish,
  node: string | undefined,
  options: Options,
  drained: boolean,
): Promise<void> {
  const client = await connectToDaemon(io, options);
  const snapshot = await client.status();
  refuseOtherNode(snapshot, node, drained ? 'standby' : 'online');
  const work = async (): Promise<ControlResult> => {
    const result = await client.command({ type: 'set-drained', drained });
    const mustWait = options.timeout !== undefined && options.wait !== false && result.status === 'done';
    return mustWait ? waitUntilLeft(client, io.interrupted(), options.timeout) : result;
  };
  const result = options.output === 'text' ? await withProgress(io, client, work) : await work();
  reportResult(io, finish, result, {
    output: options.output,
    done: drained ? `${snapshot.node} is in standby` : `${snapshot.node} is online`,
    failed: drained ? `standby of ${snapshot.node}` : `${snapshot.node} is not online`,
    hint: '',
  });
}

/** The daemon carries out what concerns its own node; nobody can put another node into standby from afar. */
function refuseOtherNode({ node: own, nodes }: StatusSnapshot, node: string | undefined, verb: string): void {
  if (node === undefined || node === own) return;
  if (!nodes.some(({ name }) => name === node)) {
    throw new CliError(
      `there is no node ${node}: there are ${nodes.map(({ name }) => name).join(', ')}`,
      EXIT.usage,
    );
  }
  throw new CliError(
    `this is ${own}, and ${verb} only acts on the node where it is typed: type "eipkeeper ${verb}" on ${node}. ` +
      'From here you can move a group: "eipkeeper switchover --to <node>"',
    EXIT.usage,
  );
}
