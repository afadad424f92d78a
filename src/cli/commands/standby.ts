import type { Command } from 'commander';
import type { ControlClient } from '../../control/client.ts';
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
import { printable } from '../printable.ts';
import { readinessOf } from '../readiness.ts';
import { reportResult } from '../report-result.ts';
import { timeoutOption } from '../timeout-option.ts';
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
      '\nExample:\n  eipkeeper standby\n\nWhat no other node can take over stays here until one can: it is said at once, with 124.\n',
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
    if (!mustWait) return result;
    const staying = whatStays(snapshot);
    if (staying !== '') return setOnly(`${staying}; it leaves when another node can take it`);
    return waitUntilLeft(client, io.interrupted(), options.timeout);
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

/** "web stays here (aux: its nginx failed)"; '' when somebody can take whatever is led here. */
function whatStays(snapshot: StatusSnapshot): string {
  const led = snapshot.groups.filter(({ leader }) => leader === snapshot.node);
  const others = readinessOf(snapshot).filter(({ node }) => node !== snapshot.node);
  return led
    .map(({ name }) => ({ name, heirs: others.filter(({ group }) => group === name) }))
    .filter(({ heirs }) => !heirs.some(({ ready }) => ready))
    .map(({ name, heirs }) => {
      const why = heirs.map(({ node, reason }) => `${node}: ${printable(reason)}`).join('; ');
      return `${name} stays here (${why === '' ? 'no other node may lead it' : why})`;
    })
    .join(', ');
}

async function waitUntilLeft(
  client: ControlClient,
  interrupted: AbortSignal,
  timeoutMs: number,
): Promise<ControlResult> {
  const over = new AbortController();
  let staying: readonly string[] = [];
  const signal = AbortSignal.any([over.signal, interrupted, AbortSignal.timeout(timeoutMs)]);
  await client.watch((snapshot) => {
    staying = snapshot.groups.filter(({ leader }) => leader === snapshot.node).map(({ name }) => name);
    const isDrained = snapshot.nodes.some(({ self, state }) => self && state === 'standby');
    if (isDrained && staying.length === 0) over.abort();
  }, signal);
  if (over.signal.aborted) return { type: 'result', status: 'done', reason: '', exitCode: EXIT.ok };
  return setOnly(`${staying.join(', ')} did not leave yet; see "eipkeeper status"`);
}

const setOnly = (but: string): ControlResult => ({
  type: 'result',
  status: 'timeout',
  reason: `it is set, but ${but}`,
  exitCode: EXIT.timeout,
});
