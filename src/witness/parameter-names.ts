import type { GroupName, NodeName, Term } from '../core/types.ts';

/** The names under which a cluster keeps its parameters: `<prefix>/<group>/…`. */
export class ParameterNames {
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = `/${prefix.replace(/^\/+|\/+$/g, '')}`;
  }

  /** The folder of a group's terms. */
  terms(group: GroupName): string {
    return `${this.#prefix}/${group}/term`;
  }

  term(group: GroupName, term: Term): string {
    return `${this.terms(group)}/${term}`;
  }

  newest(group: GroupName): string {
    return `${this.#prefix}/${group}/newest`;
  }

  /** What an operator asks from afar; one for the whole cluster. */
  get request(): string {
    return `${this.#prefix}/request`;
  }

  /** The folder where nodes write where they are. */
  get nodes(): string {
    return `${this.#prefix}/node`;
  }

  node(name: NodeName): string {
    return `${this.nodes}/${name}`;
  }

  /** The term that a name stands for, or null when it is none of the group's terms. */
  termOf(group: GroupName, name: string): Term | null {
    const folder = `${this.terms(group)}/`;
    if (!name.startsWith(folder)) return null;
    const digits = name.slice(folder.length);
    return /^[1-9][0-9]{0,14}$/.test(digits) ? (Number(digits) as Term) : null;
  }
}
