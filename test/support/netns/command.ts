import { spawn } from 'node:child_process';

/** A program that ended badly; the message has its own last words. */
export class CommandError extends Error {
  readonly code = 'COMMAND_FAILED';
  override readonly name = 'CommandError';
}

export interface CommandOptions {
  /** Written to its standard input. */
  readonly input?: string;
  /** Killed after this long; 15 s unless told. */
  readonly timeoutMs?: number;
}

/** Runs a program to its end and gives what it printed; throws CommandError when it fails or cannot be run. */
export function command(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'pipe', timeout: options.timeoutMs ?? 15_000 });
    const line = [program, ...args].join(' ');
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    // A program that ends before it has read its input says why on stderr; the broken pipe says nothing.
    child.stdin.on('error', () => {});
    child.once('error', (cause) => reject(new CommandError(`${line}: ${cause.message}`, { cause })));
    child.once('close', (code, signal) => {
      if (code === 0) resolve(stdout);
      else reject(new CommandError(`${line}: exit ${code ?? signal}: ${(stderr || stdout).trim()}`));
    });
    child.stdin.end(options.input ?? '');
  });
}
