import type { ControlResult } from '../control/protocol.ts';
import type { CliIo } from './cli-io.ts';
import type { Output } from './connection.ts';
import type { Finish } from './finish.ts';
import { printable } from './printable.ts';

export interface ResultWords {
  readonly output: Output;
  readonly done: string;
  readonly failed: string;
  /** What else can be done, after a failure; '' for nothing. */
  readonly hint: string;
}

/** As JSON: {status, reason, exitCode} and nothing else, on a line. */
export const resultLine = ({
  status,
  reason,
  exitCode,
}: Pick<ControlResult, 'status' | 'reason' | 'exitCode'>): string =>
  `${JSON.stringify({ status, reason, exitCode })}\n`;

/** A result goes to stdout, a failure to stderr; as JSON, both to stdout. */
export function reportResult(io: CliIo, finish: Finish, result: ControlResult, words: ResultWords): void {
  const { status, reason } = result;
  finish(result.exitCode);
  if (words.output === 'json') {
    io.stdout(resultLine(result));
  } else if (status === 'done') {
    io.stdout(`${words.done}\n`);
  } else {
    const why = reason === '' ? status : printable(reason);
    io.stderr(`${words.failed}: ${why}\n${words.hint === '' ? '' : `${words.hint}\n`}`);
  }
}
