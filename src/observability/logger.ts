import { fstatSync } from 'node:fs';
import { type DestinationStream, type Level, type Logger, pino } from 'pino';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error';
export type { Logger };

/** Whom the lines are for: journald reads `<3>` prefixes, a person plain lines, everything else JSON. */
export type LogFormat = 'journal' | 'text' | 'json';

export interface LoggerOptions {
  readonly level: LogLevel;
  readonly format?: LogFormat;
  /** Where the lines go; standard error unless a test wants them. */
  readonly write?: (text: string) => void;
}

/**
 * A pino without transports: those run in worker threads, which a bundle of one file cannot start, and which
 * would lose the last lines of a process that ends. Writing never throws: a full disk behind standard error
 * must not stop what serves.
 */
export function createLogger(options: LoggerOptions): Logger {
  const format = options.format ?? detectFormat();
  const write = options.write ?? writeToStderr;
  const stream: DestinationStream = {
    write: (line) => write(format === 'json' ? line : formatLine(line, format)),
  };
  return pino({ level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, stream);
}

/** JOURNAL_STREAM names device and inode of journald's socket: it counts only while stderr still is that socket. */
export function detectFormat(
  journalStream = process.env.JOURNAL_STREAM ?? '',
  stderr: { readonly dev: number; readonly ino: number } | null = statStderr(),
  isTerminal = process.stderr.isTTY === true,
): LogFormat {
  if (stderr !== null && journalStream === `${stderr.dev}:${stderr.ino}`) return 'journal';
  return isTerminal ? 'text' : 'json';
}

function statStderr(): { dev: number; ino: number } | null {
  try {
    return fstatSync(2);
  } catch {
    return null;
  }
}

function writeToStderr(text: string): void {
  // Without a listener a closed pipe behind standard error would be an uncaught exception.
  if (process.stderr.listenerCount('error') === 0) process.stderr.on('error', () => {});
  process.stderr.write(text);
}

/** The levels of syslog, which journald files a line under. */
const JOURNAL_PREFIX: Readonly<Record<number, string>> = {
  10: '<7>',
  20: '<7>',
  30: '<6>',
  40: '<4>',
  50: '<3>',
  60: '<2>',
};

const WORDS: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info ',
  40: 'warn ',
  50: 'error',
  60: 'fatal',
};

function formatLine(line: string, format: 'journal' | 'text'): string {
  const { level, time, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const number = typeof level === 'number' ? level : (pino.levels.values['info' satisfies Level] ?? 30);
  // A line break in a reason must not become a line of its own, with a level of its own.
  const text = `${typeof msg === 'string' ? msg : ''}${formatFields(fields)}`.replace(/\s*\n\s*/g, ' | ');
  if (format === 'journal') return `${JOURNAL_PREFIX[number] ?? '<6>'}${text}\n`;
  const clock = typeof time === 'string' ? time.slice(11, 23) : '';
  return `${clock} ${WORDS[number] ?? 'info '} ${text}\n`;
}

/** Errors with their stack; the rest is in the sentence already. */
function formatFields(fields: Record<string, unknown>): string {
  const { err } = fields as { err?: { message?: string; stack?: string } };
  return err === undefined ? '' : `: ${err.stack ?? err.message ?? ''}`;
}
