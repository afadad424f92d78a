import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RecordFile, readRecord } from '../../../src/guard/record-file.ts';

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'record-test-'));
  path = join(dir, 'web.end');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('a record in a file', () => {
  it('is read as it was written, again and again in the same place', () => {
    const file = new RecordFile(path);
    for (const numbers of [
      [123_456.7, 5],
      [1, 5],
      [999_999_999_999, 5],
    ]) {
      file.write(numbers);
      expect(readRecord(path)).toEqual(numbers.map(Math.trunc));
    }
    expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(2);
    file.close();
  });

  it('outlives whoever wrote it, and whoever writes next', () => {
    const first = new RecordFile(path);
    first.write([42]);
    first.close();
    const second = new RecordFile(path);
    expect(readRecord(path)).toEqual([42]);
    second.close();
  });

  it.each([
    ['nothing', ''],
    ['half of it', '0000000000042 '],
    ['another checksum', '0000000000042 00000000\n'],
    ['words', 'soon\n'],
    ['more behind it', `0000000000042 deadbeef\nmore`],
  ])('is none when the file has %s', (_what, text) => {
    writeFileSync(path, text);
    expect(readRecord(path)).toBeNull();
  });

  it('is none where there is no file, and is not written through a link', () => {
    expect(readRecord(path)).toBeNull();
    symlinkSync(join(dir, 'elsewhere'), path);
    expect(() => new RecordFile(path)).toThrow(/ELOOP/);
  });
});
