import { open, readFile } from 'node:fs/promises';
import type { FactLine } from './fact.ts';
import { decodeRecordings, type Recording } from './recording.ts';
import { segmentsOf } from './segment-ring.ts';

/** There is nothing to read; the message says why and what to do. */
export class JournalError extends Error {
  override readonly name = 'JournalError';
  readonly code: 'JOURNAL_MISSING' | 'JOURNAL_DENIED' | 'JOURNAL_UNREADABLE';

  constructor(code: JournalError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The facts of a journal, oldest first. Throws JournalError. */
export async function readFacts(directory: string): Promise<readonly FactLine[]> {
  const texts = await readRing(directory, 'facts');
  return texts.flatMap((text) => text.split('\n').flatMap(parseFact));
}

/**
 * The newest facts of a journal, oldest first: those in its last `bytesMost`. For who must not take long. Throws
 * what the file system says.
 */
export async function readNewestFacts(directory: string, bytesMost: number): Promise<readonly FactLine[]> {
  const texts: string[] = [];
  let left = bytesMost;
  for (const file of (await segmentsOf(directory, 'facts')).toReversed()) {
    if (left <= 0) break;
    const text = await readEnd(file, left);
    texts.unshift(text);
    left -= Buffer.byteLength(text);
  }
  return texts.flatMap((text) => text.split('\n').flatMap(parseFact));
}

/** A line that begins before is torn, and passed over like one that a crash tore. */
async function readEnd(path: string, bytesMost: number): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const length = Math.min(size, bytesMost);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

/** The recordings of a journal, oldest first. Throws JournalError. */
export async function readRecordings(
  directory: string,
): Promise<{ readonly recordings: readonly Recording[]; readonly damagedLines: number }> {
  const read = (await readRing(directory, 'steps')).map(decodeRecordings);
  return {
    recordings: read.flatMap(({ recordings }) => recordings),
    damagedLines: read.reduce((sum, { damagedLines }) => sum + damagedLines, 0),
  };
}

async function readRing(directory: string, name: string): Promise<readonly string[]> {
  try {
    const files = await segmentsOf(directory, name);
    const texts = await Promise.all(files.map(readIfThere));
    if (texts.some((text) => text !== '')) return texts;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EACCES' || code === 'EPERM') {
      const advice = 'only root may read it: run this with sudo';
      throw new JournalError('JOURNAL_DENIED', `the journal in ${directory} cannot be read; ${advice}`, {
        cause: error,
      });
    }
    if (code !== 'ENOENT' && code !== 'ENOTDIR') {
      throw new JournalError('JOURNAL_UNREADABLE', `the journal in ${directory} cannot be read: ${message}`, {
        cause: error,
      });
    }
  }
  throw new JournalError(
    'JOURNAL_MISSING',
    `there is no journal in ${directory} yet: the daemon has not run on this machine, or could not write there, or "journal" is off in the configuration`,
  );
}

/** The daemon may remove an old one meanwhile. */
const readIfThere = (file: string): Promise<string> =>
  readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });

/** Nothing for a line that a crash tore. */
function parseFact(line: string): readonly FactLine[] {
  if (line === '') return [];
  try {
    const fact = JSON.parse(line) as FactLine;
    return typeof fact.wallMs === 'number' && typeof fact.kind === 'string' ? [fact] : [];
  } catch {
    return [];
  }
}
