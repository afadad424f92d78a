import type { Command } from 'commander';
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
import { statusChanges } from '../status-changes.ts';
import { statusText } from '../status-text.ts';

interface Options extends ConnectionOptions {
  readonly output: Output;
  readonly watch: boolean;
}

export function addStatus(program: Command, io: CliIo): void {
  program
    .command('status')
    .description(
      'show nodes, groups, links and failed actions, as this node sees them (like crm_mon and cl_status)',
    )
    .addOption(configOption())
    .addOption(socketOption())
    .addOption(outputOption())
    .option('-w, --watch', 'go on and show every change, one line each; with json, one object a line', false)
    .addHelpText(
      'after',
      '\nExamples:\n  eipkeeper status\n  eipkeeper status --watch\n  eipkeeper status --output json | jq -r .groups[0].leader\n\nThe fields of the JSON are described in docs/status.md and schema/status.schema.json.\n',
    )
    .action(async (options: Options) => {
      const client = await connectToDaemon(io, options);
      if (options.watch) return client.watch(printer(io, options.output), io.interrupted());
      const snapshot = await client.status();
      io.stdout(options.output === 'json' ? `${JSON.stringify(snapshot, null, 2)}\n` : statusText(snapshot));
    });
}

function printer(io: CliIo, output: Output): (snapshot: StatusSnapshot) => void {
  let last: StatusSnapshot | null = null;
  return (snapshot) => {
    if (output === 'json') io.stdout(`${JSON.stringify(snapshot)}\n`);
    else if (last === null) io.stdout(`${statusText(snapshot)}\nChanges (Ctrl-C ends):\n`);
    else for (const line of statusChanges(last, snapshot)) io.stdout(`${snapshot.time} ${line}\n`);
    last = snapshot;
  };
}
