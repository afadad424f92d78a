import { addressOf, type WrittenResource } from './haresources.ts';

/** One `--eip [what=]place`. */
export interface EipOption {
  /** A resource as haresources has it, its script or its address; null: the only one that lacks an address. */
  readonly what: string | null;
  /** Allocation or public address. */
  readonly place: string;
}

/** The options of one command line; each is used once, and those that nothing used can be asked for. */
export class EipOptions {
  readonly #left: EipOption[];

  constructor(options: readonly EipOption[]) {
    this.#left = [...options];
  }

  /** What was said of this resource by name; null: nothing. */
  named(written: WrittenResource): string | null {
    const names = [written.text, written.script, addressOf(written.args[0])];
    return this.#take(({ what }) => what !== null && names.includes(what));
  }

  /** What was said without a name. */
  nameless(): string | null {
    return this.#take(({ what }) => what === null);
  }

  get unused(): readonly EipOption[] {
    return this.#left;
  }

  #take(fits: (option: EipOption) => boolean): string | null {
    const index = this.#left.findIndex(fits);
    return index < 0 ? null : (this.#left.splice(index, 1)[0]?.place ?? null);
  }
}
