import { parseDocument } from 'yaml';
import { readSource } from './read-source.ts';

/**
 * The path that a file names in one setting (`['socket', 'path']`), however wrong the rest of it is: a daemon that
 * runs with the file from before must stay within reach of the commands that mend it. null: it names none. Throws
 * ConfigError when the file cannot be read.
 */
export async function readWrittenPath(source: string, setting: readonly string[]): Promise<string | null> {
  const text = Buffer.from(await readSource(source)).toString('utf8');
  try {
    const path: unknown = parseDocument(text).getIn(setting);
    return typeof path === 'string' && path.startsWith('/') ? path : null;
  } catch {
    return null;
  }
}
