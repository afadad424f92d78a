import type { Notification } from './notification.ts';

/** How one attempt ended: `refused` is not tried again. */
export type Delivery =
  | { readonly status: 'delivered' }
  | { readonly status: 'failed' | 'refused'; readonly reason: string };

/** Ends soon after `signal`, and never rejects. */
export type Deliver = (document: Notification, signal: AbortSignal) => Promise<Delivery>;

export interface TargetOptions {
  /** For the log, without secrets: "https://hooks.example.net", "/usr/local/bin/page". */
  readonly name: string;
  readonly deliver: Deliver;
  readonly timeoutMs: number;
  readonly log: { warn(text: string): void; info(text: string): void };
  /** Tests make it short. */
  readonly firstPauseMs?: number;
}

/** What waits beyond this is dropped, the oldest first. */
export const QUEUE_MOST = 100;
export const ATTEMPTS_MOST = 6;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
/** An attempt that ignores its deadline is left behind after this. */
const GRACE_MS = 3_000;

/**
 * One receiver with a queue of its own: one delivery at a time, in order, each with a deadline and a few attempts.
 * Nothing waits for it, and what cannot be delivered is dropped, counted and said.
 */
export class NotifyTarget {
  readonly #options: TargetOptions;
  readonly #queue: Notification[] = [];
  readonly #abort = new AbortController();
  #dropped = 0;
  #failing = false;
  #closing = false;
  #work: Promise<void> | null = null;

  constructor(options: TargetOptions) {
    this.#options = options;
  }

  push(document: Notification): void {
    if (this.#closing) return;
    if (this.#queue.length >= QUEUE_MOST) {
      this.#queue.shift();
      this.#drop('too many wait for it');
    }
    this.#queue.push(document);
    this.#work ??= this.#deliverAll().finally(() => {
      this.#work = null;
    });
  }

  /** What waits gets one attempt each, all of them `withinMs`; then it is called off. */
  async close(withinMs: number): Promise<void> {
    this.#closing = true;
    const timer = setTimeout(() => this.#abort.abort(), withinMs);
    await this.#work;
    clearTimeout(timer);
    this.#abort.abort();
  }

  async #deliverAll(): Promise<void> {
    // The turn that this came from sends its own effects first.
    await new Promise((resolve) => setImmediate(resolve));
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      await this.#deliver({ ...next, dropped: this.#dropped });
      if (this.#abort.signal.aborted) return;
    }
  }

  async #deliver(document: Notification): Promise<void> {
    const { firstPauseMs = FIRST_PAUSE_MS } = this.#options;
    for (
      let attempt = 1, pauseMs = firstPauseMs;
      ;
      attempt++, pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)
    ) {
      const result = await this.#attempt(document);
      if (result.status === 'delivered') return this.#delivered();
      if (result.status === 'refused' || attempt === ATTEMPTS_MOST || this.#closing)
        return this.#drop(result.reason);
      await this.#pause(pauseMs);
    }
  }

  #attempt(document: Notification): Promise<Delivery> {
    const { deliver, timeoutMs } = this.#options;
    const timeout = AbortSignal.timeout(timeoutMs);
    const signal = AbortSignal.any([this.#abort.signal, timeout]);
    const late = `no answer in ${timeoutMs} ms`;
    return new Promise((resolve) => {
      const giveUp = () => resolve({ status: 'failed', reason: late });
      const timer = setTimeout(giveUp, timeoutMs + GRACE_MS);
      this.#abort.signal.addEventListener('abort', giveUp, { once: true });
      void deliver(document, signal).then((result) => {
        clearTimeout(timer);
        this.#abort.signal.removeEventListener('abort', giveUp);
        resolve(timeout.aborted && result.status === 'failed' ? { ...result, reason: late } : result);
      });
    });
  }

  /** Ends early when it is closed. */
  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, ms);
      const watch = setInterval(() => this.#closing && done(), 50);
      function done() {
        clearTimeout(timer);
        clearInterval(watch);
        resolve();
      }
    });
  }

  #delivered(): void {
    const { name, log } = this.#options;
    if (this.#failing)
      log.info(`notifications to ${name} are delivered again; ${this.#dropped} were given up`);
    this.#failing = false;
    this.#dropped = 0;
  }

  /** Said once until something is delivered again. */
  #drop(reason: string): void {
    this.#dropped += 1;
    if (this.#failing) return;
    this.#failing = true;
    const { name, log } = this.#options;
    log.warn(`a notification to ${name} was given up: ${reason}; more that fail are counted and not logged`);
  }
}
