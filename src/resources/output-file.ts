import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { appendFile, open, truncate } from 'node:fs/promises';

/** A file for what a service says grows to about this. */
const MOST_BYTES = 1024 * 1024;
const KEPT_BYTES = 64 * 1024;

/** The end of it as text; '' when it cannot be read. */
export function tailOf(file: string, bytes: number): string {
  try {
    const size = statSync(file).size;
    const fd = openSync(file, 'r');
    try {
      const buffer = Buffer.alloc(Math.min(size, bytes));
      readSync(fd, buffer, 0, buffer.length, size - buffer.length);
      return buffer.toString('utf8');
    } finally {
      closeSync(fd);
    }
  } catch {
    return '';
  }
}

/**
 * Cuts a file that has grown too long down to its end. Whoever writes to it has opened it for appending, and goes
 * on behind that; what is written in this very moment may be lost. Never throws.
 */
export async function trimFile(file: string): Promise<void> {
  try {
    const handle = await open(file, 'r');
    try {
      const { size } = await handle.stat();
      if (size <= MOST_BYTES) return;
      const { buffer } = await handle.read(Buffer.alloc(KEPT_BYTES), 0, KEPT_BYTES, size - KEPT_BYTES);
      await truncate(file, 0);
      await appendFile(file, buffer);
    } finally {
      await handle.close();
    }
  } catch {
    // No such file yet, or a disk that cannot be written: nothing grows there.
  }
}
