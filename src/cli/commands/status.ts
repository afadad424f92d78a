import { type Command, Option } from 'commander';
import { EXIT } from '../../control/exit-codes.ts';
import type { StatusSnapshot } from '../../control/status-snapshot.ts';
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
import { painted } from '../paint.ts';
import { printable } from '../printable.ts';
import { readinessOf, readinessText } from '../readiness.ts';
import { statusChanges } from '../status-changes.ts';
import { statusScreen } from '../status-screen.ts';
import { statusText } from '../status-text.ts';

interface Options extends ConnectionOptions {
  readonly output: Output;
  readonly watch?: boolean;
  readonly ready?: boolean;
}

export function addStatus(program: Command, io: CliIo, finish: Finish): void {
  program
    .command('status')
    .description(
      'show nodes, groups, links and failed actions, as this node sees them (like crm_mon and cl_status)',
    )
    .addOption(configOption())
    .addOption(socketOption())
    .addOption(outputOption())
    .option(
      '-w, --watch',
      'go on and show every change: painted anew on a terminal, else one line each; with json, one object a line',
    )
    .addOption(
      new Option(
        '-r, --ready',
        'only whether each node could lead each group this second; ends with 1 when one could not',
      ).conflicts('watch'),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  eipkeeper status\n  eipkeeper status --ready\n  eipkeeper status --watch\n  eipkeeper status --output json | jq -r .groups[0].leader\n\nThe fields of the JSON are described in docs/status.md and schema/status.schema.json.\n',
    )
    .action(async (options: Options) => {
      const client = await connectToDaemon(io, options);
      if (options.watch === true) return client.watch(printer(io, options.output), io.interrupted());
      const snapshot = await client.status();
      if (options.ready === true) return sayReadiness(io, finish, snapshot, options.output);
      io.stdout(
        options.output === 'json'
          ? `${JSON.stringify(snapshot, null, 2)}\n`
          : painted(io, statusText(snapshot)),
      );
    });
}

function sayReadiness(io: CliIo, finish: Finish, snapshot: StatusSnapshot, output: Output): void {
  const nodes = readinessOf(snapshot);
  if (!nodes.every(({ ready }) => ready)) finish(EXIT.error);
  if (output === 'json') return io.stdout(`${JSON.stringify(nodes, null, 2)}\n`);
  const lines = nodes.map((one) => `${one.group}: ${readinessText(one)}\n`);
  io.stdout(printable(lines.join('')));
}

function printer(io: CliIo, output: Output): (snapshot: StatusSnapshot) => void {
  if (output === 'text' && io.terminal !== null) return statusScreen(io, io.terminal);
  let last: StatusSnapshot | null = null;
  return (snapshot) => {
    if (output === 'json') io.stdout(`${JSON.stringify(snapshot)}\n`);
    else if (last === null) io.stdout(`${statusText(snapshot)}\nChanges (Ctrl-C ends):\n`);
    else for (const line of statusChanges(last, snapshot)) io.stdout(`${snapshot.time} ${line}\n`);
    last = snapshot;
  };
}
