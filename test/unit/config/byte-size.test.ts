import { describe, expect, it } from 'vitest';
import { CONFIGURATION_EXAMPLE } from '../../../scripts/configuration-example.ts';
import { parseByteSize } from '../../../src/config/byte-size.ts';
import { configuration } from './configuration-fixture.ts';

describe('a size', () => {
  it.each([
    ['16MB', 16_000_000],
    ['1.5 GB', 1_500_000_000],
    ['500kB', 500_000],
    ['500KB', 500_000],
  ])('%s is %i bytes', (text, bytes) => expect(parseByteSize(text)).toBe(bytes));

  it.each(['16', '16M', 'MB', '-1MB', '1MiB', '1e3MB'])('%s is none', (text) =>
    expect(parseByteSize(text)).toBeNull(),
  );
});

describe('the journal in the configuration', () => {
  const journalOf = (line: string) => configuration(`${CONFIGURATION_EXAMPLE}${line}\n`).file.journal;

  it('is 16 MB unless told otherwise, or off', () => {
    expect(journalOf('')).toEqual({ bytesMost: 16_000_000 });
    expect(journalOf('journal: on')).toEqual({ bytesMost: 16_000_000 });
    expect(journalOf('journal: { size: 50MB }')).toEqual({ bytesMost: 50_000_000 });
    expect(journalOf('journal: off')).toBeNull();
    expect(journalOf('journal: false')).toBeNull();
  });

  it.each(['journal: { size: 1KB }', 'journal: { size: 1GB }', 'journal: { size: 16 }', 'journal: much'])(
    'is refused, with its line, as %s',
    (line) => expect(() => journalOf(line)).toThrow(/eipkeeper\.yaml:13: journal/),
  );
});
