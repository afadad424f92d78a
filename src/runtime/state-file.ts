import { type Maintenance, STAMP_MOST } from '../core/maintenance.ts';
import type { GroupName, Term } from '../core/types.ts';
import { readRegularFile, writeAtomically } from './whole-file.ts';

/** What survives a reboot, best effort. */
export interface SavedState {
  readonly highestTerms: Readonly<Record<GroupName, Term>>;
  /** Terms whose creation was begun and not decided. Files of before it have none. */
  readonly triedTerms?: Readonly<Record<GroupName, Term>>;
  readonly drained: boolean;
  /** Groups that an operator ever put into maintenance. Files of before it have none. */
  readonly maintenance?: Readonly<Record<GroupName, Maintenance>>;
}

export const NOTHING_SAVED: SavedState = { highestTerms: {}, drained: false };

/** More than one a millisecond for thirty years. A damaged number is not to lead the others there. */
const TERM_MOST = 2 ** 40;

/** A disk that hangs must not hold up the start of a node that could serve. */
const READ_TIMEOUT_MS = 500;

/**
 * The state file. It makes a restart safer and nothing depends on it: reading answers `NOTHING_SAVED` for
 * whatever is missing, broken or slow, and writing never throws, waits for nobody, and keeps only the newest.
 */
export class StateFile {
  readonly #path: string;
  readonly #onTrouble: (sentence: string) => void;
  #next: SavedState | null = null;
  #writing: Promise<void> | null = null;
  #troubled = false;

  /** `onTrouble` hears once when writing begins to fail, not at every write. */
  constructor(path: string, onTrouble: (sentence: string) => void) {
    this.#path = path;
    this.#onTrouble = onTrouble;
  }

  async read(): Promise<SavedState> {
    let timer: NodeJS.Timeout | undefined;
    const tooSlow = new Promise<null>((resolve) => {
      timer = setTimeout(() => resolve(null), READ_TIMEOUT_MS);
    });
    try {
      const text = await Promise.race([readRegularFile(this.#path), tooSlow]);
      const saved = text === null ? null : parseSaved(text);
      if (saved !== null) return saved;
      this.#onTrouble(`${this.#path} could not be used; starting without what it remembered`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
        this.#onTrouble(`${this.#path} could not be read (${messageOf(error)}); starting without it`);
      }
    } finally {
      clearTimeout(timer);
    }
    return NOTHING_SAVED;
  }

  write(state: SavedState): void {
    const { highestTerms, triedTerms = {}, drained, maintenance = {} } = state;
    this.#next = { highestTerms, triedTerms, drained, maintenance };
    this.#writing ??= this.#writeAll();
  }

  /** When everything handed in so far was written, or failed to be. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    while (this.#next !== null) {
      const state = this.#next;
      this.#next = null;
      try {
        await writeAtomically(this.#path, `${JSON.stringify({ version: 1, ...state })}\n`);
        this.#troubled = false;
      } catch (error) {
        if (!this.#troubled) {
          this.#onTrouble(
            `${this.#path} could not be written (${messageOf(error)}); nothing stops, but a reboot forgets the standby setting, maintenance and the highest term: free or repair that disk`,
          );
        }
        this.#troubled = true;
      }
    }
    this.#writing = null;
  }
}

function parseSaved(text: string): SavedState | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const {
    version,
    highestTerms,
    triedTerms = {},
    drained,
    maintenance = {},
  } = value as Record<string, unknown>;
  if (version !== 1 || typeof drained !== 'boolean') return null;
  if (!isTerms(highestTerms) || !isTerms(triedTerms)) return null;
  if (!isMaintenance(maintenance)) return null;
  return { highestTerms, triedTerms, drained, maintenance };
}

function isTerms(value: unknown): value is Record<GroupName, Term> {
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).every((term) => Number.isInteger(term) && term >= 0 && term <= TERM_MOST);
}

function isMaintenance(value: unknown): value is Record<GroupName, Maintenance> {
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).every(
    (each) =>
      typeof each?.on === 'boolean' &&
      Number.isSafeInteger(each.stamp) &&
      each.stamp >= 0 &&
      each.stamp <= STAMP_MOST,
  );
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
