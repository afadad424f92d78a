import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ControlClient } from '../../control/client.ts';
import type { StatusSnapshot } from '../../control/status-snapshot.ts';
import { endMarked, MARK } from './marked-processes.ts';

export interface MachineOptions {
  readonly name: string;
  readonly directory: string;
  readonly configPath: string;
  readonly socketPath: string;
  /** Of everything that runs on this machine. */
  readonly mark: string;
  readonly environment: NodeJS.ProcessEnv;
}

/** A sentence of the daemon's log. */
export interface LogLine {
  readonly time: string;
  readonly severity: 'info' | 'warn' | 'error';
  readonly text: string;
}

export interface CommandResult {
  readonly code: number;
  readonly output: string;
}

const PROGRAM = fileURLToPath(new URL('../../main.ts', import.meta.url));
const LINES_MAX = 100;
const ASK_AGAIN_MS = 50;
const COMMAND_MS = 30_000;
/** pino's numbers. */
const WARN = 40;
const ERROR = 50;

/** One "EC2 instance" of the demo: its daemon as a process of its own, and what the daemon says. */
export class DemoMachine {
  readonly name: string;
  readonly #options: MachineOptions;
  readonly #lines: LogLine[] = [];
  #log: WriteStream | null = null;
  #daemon: ChildProcess | null = null;
  #status: StatusSnapshot | null = null;
  /** Why the daemon ended by itself; '' when it did not. */
  #complaint = '';
  #watching = new AbortController();

  constructor(options: MachineOptions) {
    this.name = options.name;
    this.#options = options;
  }

  /** null: it does not run. */
  get daemonPid(): number | null {
    return this.#daemon?.pid ?? null;
  }

  /** What its daemon says of the world; null when it does not run or has not answered yet. */
  get status(): StatusSnapshot | null {
    return this.#status;
  }

  /** The newest last. */
  get lines(): readonly LogLine[] {
    return this.#lines;
  }

  get complaint(): string {
    return this.#complaint;
  }

  startDaemon(): void {
    if (this.#daemon !== null) return;
    const { configPath } = this.#options;
    this.#log ??= createWriteStream(join(this.#options.directory, 'daemon.log'), { flags: 'a', mode: 0o600 });
    const daemon = spawn(process.execPath, [PROGRAM, 'run', '--config', configPath], {
      env: this.#environment(),
      stdio: ['ignore', 'ignore', 'pipe'],
      // A session of its own: the terminal's Ctrl-C is for the demo, not for an orderly end of its daemons.
      detached: true,
    });
    this.#daemon = daemon;
    this.#complaint = '';
    this.#watching = new AbortController();
    let rest = '';
    daemon.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#log?.write(text);
      const parts = (rest + text).split('\n');
      rest = parts.pop() ?? '';
      this.#lines.push(...parts.filter((part) => part !== '').map(parseLine));
      this.#lines.splice(0, this.#lines.length - LINES_MAX);
    });
    daemon.on('error', (error) => this.#ended(daemon, `it could not be started: ${error.message}`));
    daemon.on('close', (code, signal) => this.#ended(daemon, signal === null ? `exit code ${code}` : ''));
    void this.#watch(daemon, this.#watching.signal);
  }

  /** Only the daemon, as a crash would end it: the service goes on. */
  async killDaemon(): Promise<void> {
    const daemon = this.#daemon;
    if (daemon === null) return;
    const closed = once(daemon, 'close');
    daemon.kill('SIGKILL');
    await closed;
  }

  /** Everything that runs on this machine. */
  async killAll(): Promise<void> {
    await this.killDaemon();
    await endMarked(this.#options.mark);
  }

  /** A command of an operator who is logged in here: `eipkeeper switchover --to aux`. */
  async command(...words: readonly string[]): Promise<CommandResult> {
    const child = spawn(process.execPath, [PROGRAM, ...words, '--config', this.#options.configPath], {
      env: this.#environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), COMMAND_MS);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    const [code] = (await once(child, 'close')) as [number | null];
    clearTimeout(timer);
    return { code: code ?? 1, output: output.trim() };
  }

  async close(): Promise<void> {
    await this.killAll();
    const log = this.#log;
    this.#log = null;
    if (log !== null) await new Promise<void>((resolve) => log.end(() => resolve()));
  }

  #environment(): NodeJS.ProcessEnv {
    // Whoever starts the demo from a service would have its daemons speak to systemd and the journal.
    const { NOTIFY_SOCKET: _socket, WATCHDOG_USEC: _watchdog, ...environment } = this.#options.environment;
    return { ...environment, JOURNAL_STREAM: '', [MARK]: this.#options.mark };
  }

  #ended(daemon: ChildProcess, how: string): void {
    if (this.#daemon !== daemon) return;
    this.#daemon = null;
    this.#status = null;
    this.#watching.abort();
    if (how !== '')
      this.#complaint = `the daemon of ${this.name} ended by itself (${how}): ${this.#lastWords()}`;
  }

  #lastWords(): string {
    return this.#lines.at(-1)?.text ?? 'it said nothing';
  }

  async #watch(daemon: ChildProcess, signal: AbortSignal): Promise<void> {
    const client = new ControlClient({ path: this.#options.socketPath });
    while (!signal.aborted) {
      // Until the daemon listens there is nobody to ask.
      await client
        .watch((snapshot) => {
          if (this.#daemon === daemon) this.#status = snapshot;
        }, signal)
        .catch(() => sleep(ASK_AGAIN_MS));
    }
  }
}

/** Lines that are not the logger's own (a crash of Node itself) are kept as they are. */
export function parseLine(line: string): LogLine {
  try {
    const { level, time, msg, err } = JSON.parse(line) as {
      level?: number;
      time?: string;
      msg?: string;
      err?: { message?: string };
    };
    const severity = (level ?? 0) >= ERROR ? 'error' : (level ?? 0) >= WARN ? 'warn' : 'info';
    const reason = err?.message === undefined ? '' : `: ${err.message}`;
    return { time: time?.slice(11, 23) ?? '', severity, text: `${msg ?? ''}${reason}`.replace(/\s+/g, ' ') };
  } catch {
    return { time: '', severity: 'error', text: line };
  }
}
