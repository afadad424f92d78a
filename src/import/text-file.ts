import { ImportError } from './import-error.ts';

/** Many times what any of these files needs, and little enough to be read in a moment. */
export const MAX_FILE_BYTES = 64 * 1024;
/** Heartbeat's own limit for a line. */
const MAX_LINE_LENGTH = 5_120;

/** One of the files, with the name that messages give it. */
export interface TextFile {
  readonly name: string;
  /** Without their ends; a carriage return before a line feed is part of that end. */
  readonly lines: readonly string[];
}

/** Throws ImportError for what is no text of a sensible size. */
export function readText(name: string, bytes: Uint8Array): TextFile {
  const refuse = (line: number | null, message: string): never => {
    throw new ImportError([{ place: { file: name, line }, message }]);
  };
  if (bytes.length > MAX_FILE_BYTES) {
    refuse(null, `is longer than ${MAX_FILE_BYTES} bytes: is this a file of Heartbeat?`);
  }
  const lines = bytesToLines(bytes);
  return {
    name,
    lines: lines.map((line, index) => {
      const text =
        decode(line) ?? refuse(index + 1, 'is no text in UTF-8: write it anew, or save it as UTF-8');
      if (hasControlCharacter(text)) refuse(index + 1, 'holds a control character: is this a text file?');
      if (text.length > MAX_LINE_LENGTH) refuse(index + 1, `is longer than ${MAX_LINE_LENGTH} characters`);
      return text;
    }),
  };
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Split before decoding, so that what cannot be decoded has a line number. */
function bytesToLines(bytes: Uint8Array): readonly Uint8Array[] {
  const lines: Uint8Array[] = [];
  let start = 0;
  while (start < bytes.length) {
    const found = bytes.indexOf(LINE_FEED, start);
    const end = found < 0 ? bytes.length : found;
    const withoutReturn = end > start && bytes[end - 1] === CARRIAGE_RETURN ? end - 1 : end;
    lines.push(bytes.subarray(start, withoutReturn));
    start = end + 1;
  }
  return lines;
}

/** A mark of the byte order at the beginning is taken off. */
function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** Blanks of all kinds are no harm; anything else would end up in terminals and in the configuration. */
const hasControlCharacter = (text: string): boolean => /[^\P{C}\t\f\v]/u.test(text);
