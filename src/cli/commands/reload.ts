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
import { reportResult } from '../report-result.ts';

interface Options extends ConnectionOptions {
  readonly output: Output;
}

export function addReload(program: Command, io: CliIo, finish: Finish): void {
  program
    .command('reload')
    .description('let the daemon read its configuration again; a wrong one is refused and changes nothing')
    .addOption(outputOption())
    .addOption(configOption())
    .addOption(socketOption())
    .addHelpText('after', '\nExample:\n  eipkeeper config check && eipkeeper reload\n')
    .action(async (options: Options) => {
      const client = await connectToDaemon(io, options);
      const result = await client.command({ type: 'reload' });
      reportResult(io, finish, result, {
        output: options.output,
        done: result.reason === '' ? 'the configuration is in force' : result.reason,
        failed: 'the configuration was not taken over',
        hint: 'The one before stays in force.',
      });
    });
}
