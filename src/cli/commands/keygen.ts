import { randomBytes } from 'node:crypto';
import { type Command, Option } from 'commander';
import { KEY_BYTES } from '../../config/key-text.ts';
import { EXIT } from '../../control/exit-codes.ts';
import { createKeyParameter, type KeyParameter } from '../../runtime/key-parameter.ts';
import { KeyStoreError } from '../../runtime/key-store.ts';
import { withAws } from '../aws-access.ts';
import { CliError } from '../cli-error.ts';
import type { CliIo } from '../cli-io.ts';
import { writeNewFile } from '../new-file.ts';
import { requireParameterName } from '../parameter-name.ts';

interface Options {
  readonly output?: string;
  readonly ssm?: string;
  readonly kmsKey?: string;
}

/** A role that was just made is not known everywhere at once. */
const PATIENCE_MS = 60_000;
/** User data runs this early in the boot. */
const METADATA_PATIENCE_MS = 30_000;

export function addKeygen(program: Command, io: CliIo): void {
  program
    .command('keygen')
    .description('make a new key for the heartbeats: 32 random bytes in base64')
    .option('-o, --output <file>', 'write it to a new file that only its owner can read')
    .addOption(
      new Option('--ssm <parameter>', 'put it into a new SecureString; one that is there is kept').conflicts(
        'output',
      ),
    )
    .option('--kms-key <id>', 'the KMS key of that SecureString (default: the one of SSM)')
    .addHelpText(
      'after',
      '\nExamples:\n  eipkeeper keygen --output /etc/eipkeeper/key\n  eipkeeper keygen --ssm /eipkeeper/web/key\n',
    )
    .action(async ({ output, ssm, kmsKey }: Options) => {
      if (kmsKey !== undefined && ssm === undefined) {
        throw new CliError('--kms-key is for --ssm: add it', EXIT.usage);
      }
      const text = randomBytes(KEY_BYTES).toString('base64');
      if (ssm !== undefined) {
        requireParameterName('--ssm', ssm);
        const made = await writeParameter(io, { name: ssm, text, kmsKeyId: kmsKey ?? null });
        io.stdout(`${ssm}: ${made === 'created' ? 'a new key' : 'there is one, which was kept'}\n`);
        return;
      }
      if (output === undefined) return io.stdout(`${text}\n`);
      // An existing file is never overwritten: it may be the key of a running cluster.
      await writeNewFile(output, `${text}\n`, { mode: 0o600, wayOut: 'take another name' });
      io.stdout(`${output}: a new key; copy it to all nodes\n`);
    });
}

/** On an instance: the key goes from the random generator into the parameter, and nobody sees it. */
async function writeParameter(io: CliIo, parameter: KeyParameter): Promise<'created' | 'was-there'> {
  const signal = io.interrupted();
  const place = { regionWays: 'AWS_REGION', metadataPatienceMs: METADATA_PATIENCE_MS };
  try {
    return await withAws(io, place, signal, (clients) =>
      createKeyParameter(clients, parameter, { signal, patienceMs: PATIENCE_MS }),
    );
  } catch (error) {
    if (!(error instanceof KeyStoreError)) throw error;
    const code = signal.aborted ? EXIT.error : error.denied ? EXIT.noPermission : EXIT.unavailable;
    const beginning = signal.aborted ? 'given up: ' : '';
    throw new CliError(`${beginning}${parameter.name} could not be written: ${error.message}`, code, {
      cause: error,
    });
  }
}
