import { constants } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** What the daemon keeps is a few KB. */
const BYTES_MAX = 1_048_576;

/**
 * null for what is no file or far too long. Opened without blocking: a pipe in its place would hold a thread for
 * good, and the process could not even end.
 */
export async function readRegularFile(path: string): Promise<string | null> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = await file.stat();
    return stat.isFile() && stat.size <= BYTES_MAX ? await file.readFile('utf8') : null;
  } finally {
    await file.close();
  }
}

/** After a power cut the file is the old one or the new one, whole. */
export async function writeAtomically(path: string, text: string): Promise<void> {
  const temporary = `${path}.new`;
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  const directory = await open(dirname(path), 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
