import { execFile } from 'node:child_process';

export interface SdNotifyOptions {
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly run?: (command: readonly string[], socket: string) => Promise<unknown>;
  /** CLOCK_MONOTONIC. */
  readonly nowMs?: () => number;
}

/**
 * Tells systemd how this daemon is. Node has no unix datagram sockets, so the systemd-notify program says it
 * (the unit needs NotifyAccess=all). Without NOTIFY_SOCKET nothing happens. Never throws, never waits.
 */
export class SdNotify {
  readonly #socket: string;
  readonly #watchdogEveryMs: number;
  readonly #run: (command: readonly string[], socket: string) => Promise<unknown>;
  readonly #nowMs: () => number;
  #nextKeepAliveMs: number;
  /** Changes of state, which systemd must hear in their order: one message each. */
  readonly #changes: string[][] = [];
  /** These two go with the next message, whatever it is about: the watchdog must not wait for more than one. */
  #status: readonly string[] = [];
  #keepAlive: readonly string[] = [];
  #saying: Promise<void> | null = null;

  constructor(options: SdNotifyOptions = {}) {
    const environment = options.environment ?? process.env;
    this.#socket = environment.NOTIFY_SOCKET ?? '';
    const watchdogUs = Number(environment.WATCHDOG_USEC ?? 0);
    // A third of the time: one that is lost, or late on a busy machine, is not yet the end.
    this.#watchdogEveryMs = watchdogUs > 0 ? watchdogUs / 1000 / 3 : Number.POSITIVE_INFINITY;
    this.#nextKeepAliveMs = watchdogUs > 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    this.#run = options.run ?? runNotify;
    this.#nowMs = options.nowMs ?? monotonicMs;
  }

  ready(status: string): void {
    this.#setStatus(status);
    this.#say('READY=1');
  }

  /** The newest replaces one that still waits. */
  status(status: string): void {
    this.#setStatus(status);
    this.#say();
  }

  /** The start takes longer: not yet to be given up, as long as this is said at least once a minute. */
  waiting(status: string): void {
    this.#setStatus(status);
    this.#say('EXTEND_TIMEOUT_USEC=60000000');
  }

  /** systemd wants to know when the reload began, on the monotonic clock. */
  reloading(): void {
    this.#say('RELOADING=1', `MONOTONIC_USEC=${Math.round(this.#nowMs() * 1000)}`);
  }

  /** The status from before goes on. */
  reloaded(): void {
    this.#say('READY=1');
  }

  stopping(): void {
    this.#say('STOPPING=1');
  }

  /**
   * To be called after a completed turn of the event loop and from nowhere else: a timer of its own would go on
   * saying "alive" while the core has stopped turning.
   */
  turnCompleted(): void {
    const nowMs = this.#nowMs();
    if (nowMs < this.#nextKeepAliveMs) return;
    this.#nextKeepAliveMs = nowMs + this.#watchdogEveryMs;
    this.#keepAlive = ['WATCHDOG=1'];
    this.#say();
  }

  /** Resolves when systemd has heard all that was said, or did not listen. */
  async settled(): Promise<void> {
    await this.#saying;
  }

  #setStatus(status: string): void {
    this.#status = [`STATUS=${status.replaceAll('\n', ' ')}`];
  }

  #say(...change: string[]): void {
    if (this.#socket === '') return;
    if (change.length > 0) this.#changes.push(change);
    this.#saying ??= this.#sayAll();
  }

  async #sayAll(): Promise<void> {
    for (let words = this.#nextWords(); words.length > 0; words = this.#nextWords()) {
      await this.#run(['systemd-notify', ...words], this.#socket).catch(() => {});
    }
    this.#saying = null;
  }

  #nextWords(): readonly string[] {
    const words = [...(this.#changes.shift() ?? []), ...this.#status, ...this.#keepAlive];
    this.#status = [];
    this.#keepAlive = [];
    return words;
  }
}

/** Since the boot, as systemd counts; performance.now() counts from the start of this process. */
const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6;

function runNotify(command: readonly string[], socket: string): Promise<unknown> {
  const [program = '', ...words] = command;
  const options = {
    timeout: 2000,
    killSignal: 'SIGKILL',
    env: { ...process.env, NOTIFY_SOCKET: socket },
  } as const;
  return new Promise((resolve) => execFile(program, words, options, resolve));
}
