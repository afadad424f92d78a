/** Who holds the address, by node index; these stand for nobody and for an interface of no node. */
export const FREE = -1;
export const FOREIGN = -2;

export interface Association {
  readonly sinceMs: number;
  readonly holder: number;
  /** 0 when free. */
  readonly id: number;
}

/**
 * The association of one Elastic IP: a register with a compare-and-set (`AllowReassociation=false`), an
 * unconditional set, and a release by association id that cannot hurt a newer association. Its past is kept,
 * because describe calls may show it.
 */
export class AddressModel {
  readonly #past: Association[];
  #nextId: number;
  /** EC2's documentation leaves open what a repeated associate with the flag false answers its own holder. */
  readonly #refusesOwnHolder: boolean;

  constructor(options: { holder: number; refusesOwnHolder: boolean }) {
    this.#refusesOwnHolder = options.refusesOwnHolder;
    this.#nextId = options.holder === FREE ? 1 : 2;
    this.#past = [
      { sinceMs: Number.NEGATIVE_INFINITY, holder: options.holder, id: options.holder === FREE ? 0 : 1 },
    ];
  }

  get now(): Association {
    return this.#past[this.#past.length - 1] as Association;
  }

  /** What a reading sees that shows the state at `horizonMs`. */
  seenAt(horizonMs: number): Association {
    for (let i = this.#past.length - 1; i > 0; i--) {
      const association = this.#past[i] as Association;
      if (association.sinceMs <= horizonMs) return association;
    }
    return this.#past[0] as Association;
  }

  /** Associating with the present holder again changes nothing. */
  take(node: number, nowMs: number): Association {
    if (this.now.holder === node) return this.now;
    return this.#set(node, nowMs);
  }

  /** Null when somebody has it. */
  takeFree(node: number, nowMs: number): Association | null {
    const { holder } = this.now;
    if (holder === node && !this.#refusesOwnHolder) return this.now;
    return holder === FREE ? this.#set(node, nowMs) : null;
  }

  /** Idempotent; an id that is not the present one changes nothing. */
  release(id: number, nowMs: number): void {
    if (this.now.id === id && id !== 0) this.#past.push({ sinceMs: nowMs, holder: FREE, id: 0 });
  }

  moveByHand(holder: number, nowMs: number): void {
    if (holder === FREE) this.#past.push({ sinceMs: nowMs, holder: FREE, id: 0 });
    else this.#set(holder, nowMs);
  }

  #set(holder: number, nowMs: number): Association {
    const association = { sinceMs: nowMs, holder, id: this.#nextId++ };
    this.#past.push(association);
    return association;
  }
}

export const associationName = (id: number): string => (id === 0 ? '' : `eipassoc-${id}`);
export const associationNumber = (name: string): number => (name === '' ? 0 : Number(name.slice(9)));
