import fc from 'fast-check';
import { describe, it } from 'vitest';
import { parseAuthkeys } from '../../../src/import/authkeys.ts';
import { parseHaCf } from '../../../src/import/ha-cf.ts';
import { parseHaresources } from '../../../src/import/haresources.ts';
import { ImportError } from '../../../src/import/import-error.ts';
import { readText, type TextFile } from '../../../src/import/text-file.ts';

const WORDS = [
  ...['keepalive', 'node', 'ucast', 'eth0', '10.0.0.1', 'auth', '1', 'sha1', 'main', 'nginx', '2', '15ms'],
  ...['IPaddr::', '::', '/24', '\\', '\\\n', '\n', '\r\n', '\t', ' ', '#', '"', "'", ',', '\0', 'é', '￿'],
];
const mixture = fc.array(fc.constantFrom(...WORDS), { maxLength: 60 }).map((words) => words.join(' '));
const content = fc.oneof(
  fc.uint8Array({ maxLength: 400 }),
  fc.oneof(fc.string({ unit: 'binary' }), mixture).map((text) => Buffer.from(text)),
);

describe('whatever is in a file', () => {
  it.each([
    ['ha.cf', parseHaCf],
    ['haresources', parseHaresources],
    ['authkeys', parseAuthkeys],
  ] as const)(
    'the parser of %s throws nothing but its own error',
    (name, parse: (file: TextFile) => unknown) => {
      fc.assert(
        fc.property(content, (bytes) => {
          try {
            parse(readText(name, bytes));
          } catch (error) {
            if (!(error instanceof ImportError) || error.problems.length === 0) throw error;
          }
        }),
        { numRuns: 1_000 },
      );
    },
  );
});
