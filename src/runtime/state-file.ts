import { constants } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Maintenance, STAMP_MOST } from '../core/maintenance.ts';
import type { GroupName, Term } from '../core/types.ts';

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

/** A disk that hangs must not hold up the start of a node that could serve. */
const READ_TIMEOUT_MS = 500;
/** Thirty groups have 3 KB. */
const BYTES_MAX = 1_048_576;

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

/**
 * null for what is no file or far too long. Opened without blocking: a pipe in its place would hold a thread for
 * good, and the process could not even end.
 */
async function readRegularFile(path: string): Promise<string | null> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = await file.stat();
    return stat.isFile() && stat.size <= BYTES_MAX ? await file.readFile('utf8') : null;
  } finally {
    await file.close();
  }
}

/** After a power cut the file is the old one or the new one, whole. */
async function writeAtomically(path: string, text: string): Promise<void> {
  const temporary = `${path}.new`;
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  const directory = await open(dirname(path), 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
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
  return Object.values(value).every((term) => Number.isSafeInteger(term) && term >= 0);
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
