import type { Command } from 'commander';
import type { CliIo } from '../cli-io.ts';
import { configOption } from '../connection.ts';
import type { Finish } from '../finish.ts';

export function addRun(program: Command, io: CliIo, finish: Finish): void {
  program
    .command('run')
    .description('run the daemon in the foreground, as systemd does')
    .addOption(configOption())
    .addHelpText('after', '\nExample:\n  eipkeeper run --config /etc/eipkeeper/eipkeeper.yaml\n')
    .action(async ({ config }: { readonly config: string }) => {
      finish(await io.runDaemon({ configPath: config }));
    });
}
