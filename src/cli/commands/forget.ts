import type { Command } from 'commander';
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
import { timeoutOption } from '../timeout-option.ts';

interface Options extends ConnectionOptions {
  readonly timeout: number;
  readonly output: Output;
}

export function addForget(program: Command, io: CliIo, finish: Finish): void {
  program
    .command('forget')
    .argument('<node>', 'one that is gone for good')
    .description('let the cluster go on without a node; typed on the node that leads')
    .addOption(timeoutOption())
    .addOption(outputOption())
    .addOption(configOption())
    .addOption(socketOption())
    .addHelpText(
      'after',
      `
Example:
  eipkeeper forget third

A dead node that is not forgotten costs a write to the witness now and then. One that is heard is refused: stop
eipkeeper there, or put it in standby, first. As long as the leader's configuration names it, it is taken in again
when it is heard: take it out of the files and reload.
`,
    )
    .action(async (node: string, options: Options) => {
      const client = await connectToDaemon(io, options);
      const result = await client.command({ type: 'forget', node, timeoutMs: options.timeout });
      const but = result.reason === '' ? '' : `; but ${printable(result.reason)}`;
      reportResult(io, finish, result, {
        output: options.output,
        done: `${node} is forgotten${but}`,
        failed: `${node} was not forgotten`,
        hint: '',
      });
    });
}
