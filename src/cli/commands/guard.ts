import type { Command } from 'commander';
import type { CliIo } from '../cli-io.ts';
import type { Finish } from '../finish.ts';

export const GUARD_DIRECTORY = '/run/eipkeeper/guard';

export function addGuard(program: Command, io: CliIo, finish: Finish): void {
  program
    .command('guard')
    .description(
      'end what may no longer run, should the daemon not: started by the daemon for exclusive groups',
    )
    .option('--directory <path>', 'where the daemon says until when', GUARD_DIRECTORY)
    .addHelpText('after', '\nExample:\n  eipkeeper guard --directory /run/eipkeeper/guard\n')
    .action(async ({ directory }: { readonly directory: string }) => {
      finish(await io.runGuard({ directory }));
    });
}
