import { InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../config/duration.ts';
import { MAX_COMMAND_TIMEOUT_MS } from '../control/protocol.ts';

/** For every command that waits; its value is in milliseconds. */
export const timeoutOption = (): Option =>
  new Option('--timeout <duration>', 'give up after this long, like 30s or 2m')
    .argParser(readTimeout)
    .default(60_000, '1m');

function readTimeout(text: string): number {
  const parsed = parseDuration(text);
  if (!parsed.ok) throw new InvalidArgumentError(parsed.reason);
  if (parsed.ms > 0 && parsed.ms <= MAX_COMMAND_TIMEOUT_MS) return parsed.ms;
  throw new InvalidArgumentError('must be longer than 0 and at most 1h');
}
