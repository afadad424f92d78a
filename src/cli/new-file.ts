import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { EXIT } from '../control/exit-codes.ts';
import { CliError } from './cli-error.ts';

interface Options {
  readonly mode: number;
  /** What may be done about a file that is there already, for the message. */
  readonly wayOut: string;
}

/** Writes a file that is not there yet, to the disk. Throws CliError; a file that is there stays as it is. */
export async function writeNewFile(path: string, text: string, { mode, wayOut }: Options): Promise<void> {
  try {
    const file = await open(path, 'wx', mode);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      throw new CliError(`${path} exists and was left as it is: ${wayOut}`, EXIT.error);
    }
    throw writeFailure(path, error as NodeJS.ErrnoException);
  }
}

/** Puts a file in the place of another, or none: whoever reads it meanwhile sees the old one or the new, whole. */
export async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  const draft = `${path}.${randomBytes(4).toString('hex')}`;
  await writeNewFile(draft, text, { mode, wayOut: 'try again' }).catch((error: CliError) => {
    throw new CliError(error.message.replace(draft, path), error.exitCode, { cause: error });
  });
  try {
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw writeFailure(path, error as NodeJS.ErrnoException);
  }
}

function writeFailure(path: string, error: NodeJS.ErrnoException): CliError {
  if (error.code === 'EACCES' || error.code === 'EPERM') {
    return new CliError(`${path} must not be written by this user: use sudo`, EXIT.noPermission, {
      cause: error,
    });
  }
  return new CliError(`${path} could not be written: ${error.message}`, EXIT.error, { cause: error });
}
