/**
 * A client that asks all the time: a new connection every `intervalMs`, whether or not the ones before were
 * answered, so that what it counts is what users would see. Judged by answers alone: the forwarder's kernel
 * accepts every connection.
 */
import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Asked {
  /** performance.now() when it was sent. */
  readonly atMs: number;
  /** When it was answered or given up; null while it waits. */
  endedAtMs: number | null;
  /** Who answered, by X-Whom; null: nobody did. */
  by: string | null;
}

export interface ClientReport {
  readonly requests: number;
  readonly failed: number;
  /** The longest time without any answer. */
  readonly longestGapMs: number;
}

export interface SteadyClientOptions {
  readonly port: number;
  readonly intervalMs?: number;
  /** No answer after this is a failed request. */
  readonly patienceMs?: number;
}

const INTERVAL_MS = 25;
const PATIENCE_MS = 2_000;
/** Eleven minutes of the usual pace; the totals go on counting. */
const REMEMBERED_MAX = 26_400;
/** This many newest answers from one node, and that node is the one that answers. */
const AGREEING = 4;

export class SteadyClient {
  readonly #options: Required<SteadyClientOptions>;
  readonly #asked: Asked[] = [];
  #requests = 0;
  #failed = 0;
  #longestGapMs = 0;
  #firstAnswerMs = Number.POSITIVE_INFINITY;
  #lastAnswerMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: SteadyClientOptions) {
    this.#options = { intervalMs: INTERVAL_MS, patienceMs: PATIENCE_MS, ...options };
  }

  start(): void {
    this.#timer = setInterval(() => this.#ask(), this.#options.intervalMs);
  }

  close(): void {
    clearInterval(this.#timer ?? undefined);
    this.#timer = null;
  }

  /** Infinity: not yet. Before it there is nothing that could fail. */
  get firstAnswerMs(): number {
    return this.#firstAnswerMs;
  }

  /** Of what was sent since the first answer. */
  get totals(): ClientReport {
    return { requests: this.#requests, failed: this.#failed, longestGapMs: this.#longestGapMs };
  }

  /** Oldest first. */
  since(atMs: number): readonly Asked[] {
    const first = this.#asked.findIndex((asked) => asked.atMs >= atMs);
    return first === -1 ? [] : this.#asked.slice(first);
  }

  /** The node that the newest answers agree on; null: they do not, or there are none among the newest. */
  answeredBy(): string | null {
    const newest = this.#asked.filter(({ endedAtMs }) => endedAtMs !== null).slice(-AGREEING);
    const [first] = newest;
    return newest.length === AGREEING && newest.every(({ by }) => by === first?.by)
      ? (first?.by ?? null)
      : null;
  }

  /** What became of the requests that were sent in this time; waits for those that still wait. */
  async report(fromMs: number, toMs: number): Promise<ClientReport> {
    await sleep(Math.max(0, toMs - performance.now()));
    const sent = this.since(fromMs).filter(({ atMs }) => atMs < toMs);
    while (sent.some(({ endedAtMs }) => endedAtMs === null)) await sleep(this.#options.intervalMs);
    return {
      requests: sent.length,
      failed: sent.filter(({ by }) => by === null).length,
      longestGapMs: longestGapMs(sent, fromMs, toMs),
    };
  }

  #ask(): void {
    const asked: Asked = { atMs: performance.now(), endedAtMs: null, by: null };
    this.#asked.push(asked);
    if (this.#asked.length > REMEMBERED_MAX) this.#asked.shift();
    const request = get(
      { host: '127.0.0.1', port: this.#options.port, agent: false, headers: { connection: 'close' } },
      (response) => {
        const whom = response.headers['x-whom'];
        response.on('end', () => end(response.statusCode === 200 && typeof whom === 'string' ? whom : null));
        response.on('error', () => end(null));
        response.resume();
      },
    );
    const timer = setTimeout(() => {
      end(null);
      request.destroy();
    }, this.#options.patienceMs);
    const end = (by: string | null): void => {
      if (asked.endedAtMs !== null) return;
      clearTimeout(timer);
      asked.endedAtMs = performance.now();
      asked.by = by;
      this.#count(asked);
    };
    request.on('error', () => end(null));
  }

  #count({ atMs, by, endedAtMs }: Asked): void {
    if (by !== null && endedAtMs !== null) {
      if (this.#firstAnswerMs > endedAtMs) this.#firstAnswerMs = endedAtMs;
      else this.#longestGapMs = Math.max(this.#longestGapMs, endedAtMs - this.#lastAnswerMs);
      this.#lastAnswerMs = endedAtMs;
    }
    if (atMs < this.#firstAnswerMs) return;
    this.#requests += 1;
    if (by === null) this.#failed += 1;
  }
}

/** Between two answers, or an end of the time and the answer next to it. */
export function longestGapMs(asked: readonly Asked[], fromMs: number, toMs: number): number {
  const answers = asked.flatMap(({ by, endedAtMs }) =>
    by === null || endedAtMs === null ? [] : [endedAtMs],
  );
  const marks = [fromMs, ...answers.toSorted((a, b) => a - b), Math.max(toMs, ...answers)];
  return Math.max(...marks.slice(1).map((mark, index) => mark - (marks[index] ?? mark)));
}
