import type { NodeName } from '../core/types.ts';
import { checkRegistration, type Registration } from '../witness/registration-record.ts';
import { readRegularFile, writeAtomically } from './whole-file.ts';

/** A disk that hangs must not hold up the start. */
const READ_TIMEOUT_MS = 500;

/**
 * Where the other nodes were when the registry was read last, on disk: a node that restarts while SSM is out of
 * reach finds its peers by it. What is missing, broken or slow reads as null; writing never throws and waits for
 * nobody.
 */
export class KnownRegistrations {
  readonly #path: string;
  readonly #onTrouble: (sentence: string) => void;
  #writing: Promise<void> = Promise.resolve();

  constructor(path: string, onTrouble: (sentence: string) => void) {
    this.#path = path;
    this.#onTrouble = onTrouble;
  }

  /** null: the registry was never read on this machine, as far as is known. */
  async read(): Promise<ReadonlyMap<NodeName, Registration> | null> {
    let timer: NodeJS.Timeout | undefined;
    const tooSlow = new Promise<null>((resolve) => {
      timer = setTimeout(() => resolve(null), READ_TIMEOUT_MS);
    });
    try {
      const text = await Promise.race([readRegularFile(this.#path), tooSlow]);
      return text === null ? null : parse(text);
    } catch {
      return null;
    } finally {
      clearTimeout(timer);
    }
  }

  write(registrations: ReadonlyMap<NodeName, Registration>): void {
    const nodes = Object.fromEntries(registrations);
    const text = `${JSON.stringify({ version: 1, nodes })}\n`;
    this.#writing = this.#writing
      .then(() => writeAtomically(this.#path, text))
      .catch((error: Error) =>
        this.#onTrouble(
          `${this.#path} could not be written (${error.message}); nothing stops, but a restart without SSM would not know where the other nodes are`,
        ),
      );
  }

  async settled(): Promise<void> {
    await this.#writing;
  }
}

function parse(text: string): ReadonlyMap<NodeName, Registration> | null {
  const { version, nodes } = (JSON.parse(text) ?? {}) as Record<string, unknown>;
  if (version !== 1 || typeof nodes !== 'object' || nodes === null) return null;
  const found = new Map<NodeName, Registration>();
  for (const [name, value] of Object.entries(nodes)) {
    const checked = checkRegistration(value, name);
    if (checked.status === 'registration') found.set(name, checked.registration);
  }
  return found;
}
