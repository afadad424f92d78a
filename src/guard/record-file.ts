import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';

/** Enough for the milliseconds of three hundred years. */
const DIGITS = 13;

const textOf = (numbers: readonly number[]): string => {
  const body = numbers.map((number) => String(Math.trunc(number)).padStart(DIGITS, '0')).join(' ');
  return `${body} ${crc32(body).toString(16).padStart(8, '0')}\n`;
};

/**
 * A few whole numbers, not negative, that one process writes and others read. Written in place by one call into a
 * page that is already there: nothing has to be allocated, so a full disk cannot refuse it, and whoever reads in the
 * middle of it sees by the checksum that he must read again. On a file system in memory: nothing is synced.
 */
export class RecordFile {
  readonly #fd: number;

  /** Throws when the file cannot be made. What is in it stays. */
  constructor(path: string) {
    this.#fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  }

  /** Always as many numbers. Throws on a disk that fails. */
  write(numbers: readonly number[]): void {
    writeSync(this.#fd, textOf(numbers), 0);
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** Null: nothing was ever written, or what is there is no record. */
export function readRecord(path: string): readonly number[] | null {
  for (let look = 0; look < 3; look += 1) {
    let text: string;
    try {
      text = readFileSync(path, 'latin1');
    } catch {
      return null;
    }
    const numbers = text.trimEnd().split(' ').slice(0, -1).map(Number);
    if (numbers.length > 0 && text === textOf(numbers)) return numbers;
  }
  return null;
}
