import { randomBytes } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { Command } from 'commander';
import { KEY_BYTES } from '../../config/key.ts';
import { EXIT } from '../../control/exit-codes.ts';
import { CliError } from '../cli-error.ts';
import type { CliIo } from '../cli-io.ts';

export function addKeygen(program: Command, io: CliIo): void {
  program
    .command('keygen')
    .description('make a new key for the heartbeats: 32 random bytes in base64')
    .option('-o, --output <file>', 'write it to a new file that only its owner can read')
    .addHelpText(
      'after',
      '\nExamples:\n  eipkeeper keygen --output /etc/eipkeeper/key\n  aws ssm put-parameter --type SecureString --name /eipkeeper/web/key --value "$(eipkeeper keygen)"\n',
    )
    .action(async ({ output }: { readonly output?: string }) => {
      const text = `${randomBytes(KEY_BYTES).toString('base64')}\n`;
      if (output === undefined) return io.stdout(text);
      await writeNewFile(output, text);
      io.stdout(`${output}: a new key; copy it to all nodes\n`);
    });
}

/** An existing file is never overwritten: it may be the key of a running cluster. */
async function writeNewFile(path: string, text: string): Promise<void> {
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST')
      throw new CliError(`${path} exists and was left as it is: take another name`, EXIT.error);
    if (code === 'EACCES' || code === 'EPERM') {
      throw new CliError(`${path} must not be written by this user: use sudo`, EXIT.noPermission, {
        cause: error,
      });
    }
    throw new CliError(`${path} could not be written: ${message}`, EXIT.error, { cause: error });
  }
}
