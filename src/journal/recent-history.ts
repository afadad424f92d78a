import { historyOf } from './history.ts';
import { historyEntry } from './history-entry.ts';
import { readNewestFacts } from './read-journal.ts';

const BYTES_MOST = 2 ** 17;
const ENTRIES_MOST = 20;

export interface RecentHistoryOptions {
  readonly directory: string;
  /** Resolves when what was written so far can be read. */
  readonly settled: () => Promise<void>;
}

/**
 * The newest changes of a daemon's own journal. Read when somebody asks and not kept; one reading at a time, so
 * that a disk that hangs takes one thread and not all.
 */
export class RecentHistory {
  readonly #options: RecentHistoryOptions;
  #reading: Promise<readonly object[]> | null = null;

  constructor(options: RecentHistoryOptions) {
    this.#options = options;
  }

  /** Oldest first, as `eipkeeper history --output json` has them. Empty while there is no journal. */
  read(): Promise<readonly object[]> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  async #read(): Promise<readonly object[]> {
    await this.#options.settled();
    const facts = await readNewestFacts(this.#options.directory, BYTES_MOST).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return [];
        throw error;
      },
    );
    return historyOf(facts).slice(-ENTRIES_MOST).map(historyEntry);
  }
}
