import type { SegmentRing } from './segment-ring.ts';

export type RingName = 'facts' | 'steps';

export interface JournalWriterOptions {
  readonly directory: string;
  readonly rings: Readonly<Record<RingName, SegmentRing>>;
  /** Once when writing begins to fail, not at every write. */
  readonly onTrouble: (sentence: string) => void;
  /** So many texts were let go, because the disk fails or does not keep up. */
  readonly onLost: (texts: number) => void;
}

/** Memory for what the disk has not taken yet. */
const QUEUE_BYTES_MOST = 2 ** 20;
/** So that many steps are one write; a crash of the machine, or kill -9, takes at most these. */
const GATHER_MS = 250;

interface Entry {
  readonly ring: RingName;
  readonly text: string;
  readonly mayTurn: boolean;
}

/**
 * Writes both rings, one after the other: a disk that hangs takes one of the few threads that Node has for files,
 * and the look-ups of names need those too. Nobody waits for it and it never throws.
 */
export class JournalWriter {
  readonly #options: JournalWriterOptions;
  #queue: Entry[] = [];
  #queuedBytes = 0;
  #working: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #troubled = false;
  #closed = false;

  constructor(options: JournalWriterOptions) {
    this.#options = options;
  }

  write(ring: RingName, text: string, mayTurn: boolean): void {
    if (this.#closed) return;
    if (this.#queuedBytes + text.length > QUEUE_BYTES_MOST) {
      this.#trouble('the disk does not keep up');
      this.#options.onLost(1);
      return;
    }
    this.#queue.push({ ring, text, mayTurn });
    this.#queuedBytes += text.length;
    if (this.#working !== null) return;
    // What is told for long is told at once, with all that waits: the process may be killed next.
    if (ring === 'facts') this.#begin();
    else this.#timer ??= setTimeout(() => this.#begin(), GATHER_MS).unref();
  }

  /** When everything handed in so far was written, or failed to be. */
  async settled(): Promise<void> {
    if (this.#queue.length > 0) this.#begin();
    await this.#working;
  }

  async close(): Promise<void> {
    await this.settled();
    this.#closed = true;
    clearTimeout(this.#timer ?? undefined);
    await Promise.all(Object.values(this.#options.rings).map((ring) => ring.close()));
  }

  #begin(): void {
    clearTimeout(this.#timer ?? undefined);
    this.#timer = null;
    this.#working ??= this.#writeAll().finally(() => {
      this.#working = null;
      // Came after the last look and before this one.
      if (this.#queue.length > 0) this.#begin();
    });
  }

  async #writeAll(): Promise<void> {
    while (this.#queue.length > 0) {
      const entries = this.#queue;
      this.#queue = [];
      this.#queuedBytes = 0;
      try {
        for (const { ring, text, mayTurn } of gathered(entries)) {
          await this.#options.rings[ring].append(text, mayTurn);
        }
        this.#troubled = false;
      } catch (error) {
        // What came meanwhile hangs on what was lost.
        const lost = entries.length + this.#queue.length;
        this.#queue = [];
        this.#queuedBytes = 0;
        this.#trouble(error instanceof Error ? error.message : String(error));
        this.#options.onLost(lost);
        return;
      }
    }
  }

  #trouble(reason: string): void {
    if (this.#troubled) return;
    this.#troubled = true;
    this.#options.onTrouble(
      `the journal in ${this.#options.directory} cannot be written (${reason}); nothing stops, but "eipkeeper history" and "explain" will not know of this time: free or repair that disk`,
    );
  }
}

/** One text for each run of entries that continue each other. */
function gathered(entries: readonly Entry[]): readonly Entry[] {
  const texts: Entry[] = [];
  for (const ring of ['facts', 'steps'] as const) {
    let run: { text: string; mayTurn: boolean } | null = null;
    for (const { text, mayTurn } of entries.filter((entry) => entry.ring === ring)) {
      if (run === null || (mayTurn && ring === 'steps')) {
        if (run !== null) texts.push({ ring, ...run });
        run = { text, mayTurn };
      } else {
        run.text += text;
      }
    }
    if (run !== null) texts.push({ ring, ...run });
  }
  return texts;
}
