import { NOTICE_PATHS, type NoticePolicy, type NoticeSource, readNotice } from '../cloud/instance-notices.ts';
import type { OwnDeparture } from '../core/events.ts';

export interface DepartureWatchOptions {
  /** One value of the instance's metadata, or null when there is none. Rejects when the service does not answer. */
  readonly read: (path: string, signal: AbortSignal) => Promise<string | null>;
  readonly policy: () => NoticePolicy;
  readonly wallMs: () => number;
  readonly onDeparture: (departure: OwnDeparture) => void;
  readonly log: { warn(text: string): void; info(text: string): void };
}

/** With the two seconds that an answer may take, a notice is seen within five. The service closes each connection. */
const LOOK_EVERY_MS = 3_000;
/** Said once, when the service has been silent for this long. */
const COMPLAIN_AFTER_MS = 60_000;

const SOURCES = Object.keys(NOTICE_PATHS) as NoticeSource[];

/**
 * Looks at what the metadata service says of the end of this instance. A service that does not answer, or with
 * nonsense, says nothing: what it said last goes on to hold.
 */
export class DepartureWatch {
  readonly #options: DepartureWatchOptions;
  readonly #abort = new AbortController();
  readonly #heard = new Map<NoticeSource, OwnDeparture>();
  #said: OwnDeparture = { grade: 'none', why: '' };
  #timer: NodeJS.Timeout | null = null;
  #looking = false;
  #answeredMs = performance.now();
  #complained = false;

  constructor(options: DepartureWatchOptions) {
    this.#options = options;
  }

  start(): void {
    void this.look();
    this.#timer = setInterval(() => void this.look(), LOOK_EVERY_MS);
    this.#timer.unref();
  }

  close(): void {
    this.#abort.abort();
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  async look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    const failures: unknown[] = [];
    await Promise.all(
      SOURCES.map((source) => this.#ask(source).catch((error: unknown) => failures.push(error))),
    );
    this.#looking = false;
    if (this.#abort.signal.aborted) return;
    this.#tell();
    this.#complain(failures);
  }

  async #ask(source: NoticeSource): Promise<void> {
    const { read, policy, wallMs } = this.#options;
    const body = await read(NOTICE_PATHS[source], this.#abort.signal);
    this.#heard.set(source, readNotice(source, body, wallMs(), policy()));
  }

  #tell(): void {
    const all = [...this.#heard.values()];
    const worst =
      all.find(({ grade }) => grade === 'imminent') ?? all.find(({ grade }) => grade === 'advised');
    const departure = worst ?? { grade: 'none', why: '' };
    if (departure.grade === this.#said.grade && departure.why === this.#said.why) return;
    this.#said = departure;
    this.#options.onDeparture(departure);
  }

  #complain(failures: readonly unknown[]): void {
    const { log } = this.#options;
    if (failures.length === 0) {
      if (this.#complained) log.info('the metadata service answers again');
      this.#answeredMs = performance.now();
      this.#complained = false;
      return;
    }
    if (this.#complained || performance.now() - this.#answeredMs < COMPLAIN_AFTER_MS) return;
    this.#complained = true;
    const [first] = failures;
    const reason = first instanceof Error ? first.message : String(first);
    log.warn(`${reason}; until it answers, spot interruptions and maintenance are not heard of in time`);
  }
}
