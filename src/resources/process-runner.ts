import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { withoutOomProtection } from './child-priority.ts';
import { tailOf, trimFile } from './output-file.ts';
import type { CallLimits } from './resource-adapter.ts';

/** How a command ended. `output` is the last few KB of its stdout and stderr, trimmed. */
export type ProcessOutcome =
  | { readonly kind: 'exited'; readonly code: number; readonly output: string }
  | { readonly kind: 'killed'; readonly signal: string; readonly output: string }
  | { readonly kind: 'timed-out'; readonly output: string }
  | { readonly kind: 'aborted'; readonly output: string }
  /** `missing`: there is no such program, so that it will not start later either. */
  | { readonly kind: 'not-started'; readonly reason: string; readonly missing: boolean };

export interface RunOptions extends CallLimits {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** How long a command may react to SIGTERM before its process group gets SIGKILL. */
  readonly killGraceMs?: number;
  /** What is kept of the output: its end unless `keep` is `head`. */
  readonly maxOutputBytes?: number;
  readonly keep?: 'head' | 'tail';
  /** Written to its standard input, which is then closed; without it there is nothing to read. */
  readonly input?: string;
  /**
   * Output goes to this file instead of a pipe. For commands that leave a service behind: a service that
   * inherited a pipe of ours would die of SIGPIPE when this daemon goes. Without a place to write it is dropped.
   */
  readonly outputFile?: string;
}

const OUTPUT_BYTES = 4096;
const TRIM_EVERY_MS = 200;
/** A command that left a child behind keeps its pipes open for ever; this is how long we go on reading. */
const DRAIN_MS = 100;
/** After SIGKILL a process ends at once, unless it hangs in the kernel: then nobody can wait for it. */
const UNKILLABLE_MS = 500;

/**
 * Runs a command without a shell, in a process group of its own, and always answers: at the latest
 * `deadlineMs + killGraceMs` and half a second later. Never throws.
 */
export async function runProcess(command: readonly string[], options: RunOptions): Promise<ProcessOutcome> {
  if (options.signal.aborted) return { kind: 'aborted', output: '' };
  const sink = openSink(options);
  try {
    const child = spawnGroup(command, options, sink.fd);
    const failure = await failureToStart(child);
    if (failure !== null) {
      const reason = `${command[0] ?? ''}: ${failure.message}`;
      return { kind: 'not-started', reason, missing: failure.code === 'ENOENT' };
    }
    feed(child, options.input);
    const tail = sink.fd === null ? collectOutput(child, options) : null;
    const end = await endOf(child, options);
    await tail?.finish();
    const output = (tail?.text() ?? sink.read()).trim();
    return end.kind === 'exited' || end.kind === 'killed' ? { ...end, output } : { kind: end.kind, output };
  } finally {
    sink.close();
  }
}

/** The signal to the whole group: a command's own children must not outlive it as its heirs. */
export function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // ESRCH: it has ended by itself meanwhile, which is what was wanted.
  }
}

function spawnGroup(command: readonly string[], options: RunOptions, fd: number | null): ChildProcess {
  const out = fd ?? 'pipe';
  const child = spawn(command[0] ?? '', command.slice(1), {
    detached: true,
    stdio: [options.input === undefined ? 'ignore' : 'pipe', out, out],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: childEnvironment(options.env),
  });
  withoutOomProtection(child.pid);
  return child;
}

/**
 * AWS settings hold credentials; MALLOC_ARENA_MAX, from the bundle's first line, would slow a program with many
 * threads; systemd's words are for this daemon alone: an nginx that says READY would speak in our name.
 */
const OUR_OWN = /^(AWS_\w+|MALLOC_ARENA_MAX|NOTIFY_SOCKET|WATCHDOG_(USEC|PID)|LISTEN_(FDS|PID|FDNAMES))$/;
const withheld = new Set<string>();

/** Keeps secrets in the daemon's environment (a key that the configuration names) from every program started later. */
export function withholdFromChildren(variables: Iterable<string>): void {
  for (const variable of variables) withheld.add(variable);
}

export function childEnvironment(own: Readonly<Record<string, string>> = {}): Record<string, string> {
  const inherited = Object.entries(process.env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && !OUR_OWN.test(entry[0]) && !withheld.has(entry[0]),
  );
  return { ...Object.fromEntries(inherited), ...own };
}

function failureToStart(child: ChildProcess): Promise<NodeJS.ErrnoException | null> {
  return new Promise((resolve) => {
    child.once('spawn', () => resolve(null));
    child.on('error', resolve);
  });
}

/** A command that does not read, or has ended, is told by its outcome. */
function feed(child: ChildProcess, input: string | undefined): void {
  child.stdin?.on('error', () => {});
  child.stdin?.end(input);
}

type End =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'killed'; readonly signal: string }
  | { readonly kind: 'timed-out' | 'aborted' };

function endOf(child: ChildProcess, options: RunOptions): Promise<End> {
  return new Promise((resolve) => {
    let cut: 'timed-out' | 'aborted' | null = null;
    const timers: NodeJS.Timeout[] = [];
    const pid = child.pid ?? 0;
    const cutShort = (why: 'timed-out' | 'aborted') => {
      if (cut !== null) return;
      cut = why;
      const graceMs = options.killGraceMs ?? 1000;
      killGroup(pid, 'SIGTERM');
      timers.push(setTimeout(() => killGroup(pid, 'SIGKILL'), graceMs));
      timers.push(setTimeout(() => finish({ kind: why }), graceMs + UNKILLABLE_MS));
    };
    const onAbort = () => cutShort('aborted');
    const finish = (end: End) => {
      for (const timer of timers) clearTimeout(timer);
      options.signal.removeEventListener('abort', onAbort);
      // Whoever of the group ignored SIGTERM goes now, the command itself being gone.
      if (cut !== null) killGroup(pid, 'SIGKILL');
      resolve(end);
    };
    timers.push(setTimeout(() => cutShort('timed-out'), options.deadlineMs));
    options.signal.addEventListener('abort', onAbort, { once: true });
    child.once('exit', (code, signal) => {
      if (cut !== null) finish({ kind: cut });
      else if (code !== null) finish({ kind: 'exited', code });
      else finish({ kind: 'killed', signal: signal ?? 'unknown signal' });
    });
    if (options.signal.aborted) onAbort();
  });
}

function collectOutput(child: ChildProcess, options: RunOptions) {
  const limit = options.maxOutputBytes ?? OUTPUT_BYTES;
  let kept = Buffer.alloc(0);
  const streams = [child.stdout, child.stderr].filter((s): s is Readable => s !== null);
  const closed = streams.map(
    (stream) =>
      new Promise<void>((resolve) => {
        stream.on('data', (chunk: Buffer) => {
          if (options.keep === 'head') {
            if (kept.length < limit) kept = Buffer.concat([kept, chunk]).subarray(0, limit);
          } else {
            const joined = Buffer.concat([kept, chunk]);
            kept = joined.subarray(Math.max(0, joined.length - limit));
          }
        });
        stream.once('close', resolve);
        stream.once('error', () => resolve());
      }),
  );
  return {
    text: () => kept.toString('utf8'),
    async finish() {
      let timer: NodeJS.Timeout | undefined;
      const enough = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, DRAIN_MS);
      });
      await Promise.race([Promise.all(closed), enough]);
      clearTimeout(timer);
      for (const stream of streams) stream.destroy();
    },
  };
}

function openSink(options: RunOptions) {
  if (options.outputFile === undefined) return { fd: null, read: () => '', close: () => {} };
  const file = options.outputFile;
  try {
    // Emptied first, then appended to: a service that still writes to the old one must not make holes in it.
    closeSync(openSync(file, 'w', 0o600));
    const fd = openSync(file, 'a', 0o600);
    const trimming = setInterval(() => void trimFile(file), TRIM_EVERY_MS);
    const close = () => {
      clearInterval(trimming);
      closeSync(fd);
    };
    return { fd, read: () => tailOf(file, OUTPUT_BYTES), close };
  } catch {
    // A full or read-only disk must not keep a service from starting: it starts, and its words are lost.
    const fd = openSync('/dev/null', 'w');
    return { fd, read: () => '', close: () => closeSync(fd) };
  }
}

/** For an operator's message: how the command ended, with its last words. */
export function describeOutcome(command: readonly string[], outcome: ProcessOutcome): string {
  const said = (output: string) => (output === '' ? '' : `: ${oneLine(output)}`);
  const name = command.join(' ');
  switch (outcome.kind) {
    case 'exited':
      return `"${name}" exited with ${outcome.code}${said(outcome.output)}`;
    case 'killed':
      return `"${name}" was ended by ${outcome.signal}${said(outcome.output)}`;
    case 'timed-out':
      return `"${name}" did not finish in time and was killed${said(outcome.output)}`;
    case 'aborted':
      return `"${name}" was called off${said(outcome.output)}`;
    case 'not-started':
      return `"${name}" could not be run: ${outcome.reason}`;
  }
}

/** The last lines of a command's output as one short line of a log. */
export function oneLine(output: string, maxLength = 300): string {
  const line = output
    .split('\n')
    .map((part) => part.trim())
    .filter(Boolean)
    .join(' | ');
  return line.length <= maxLength ? line : `…${line.slice(line.length - maxLength)}`;
}
