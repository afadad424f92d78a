import { ImportError } from '../../../src/import/import-error.ts';
import { readText, type TextFile } from '../../../src/import/text-file.ts';

export const text = (content: string | Uint8Array, name = 'ha.cf'): TextFile =>
  readText(name, typeof content === 'string' ? Buffer.from(content) : content);

/** The lines of the refusal; fails when nothing is refused. */
export function refusalOf(action: () => unknown): readonly string[] {
  try {
    action();
  } catch (error) {
    if (error instanceof ImportError) return error.message.split('\n');
    throw error;
  }
  throw new Error('nothing was refused');
}
