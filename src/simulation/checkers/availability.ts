import type { World } from '../world.ts';
import type { Checker } from './checker.ts';
import { isServed } from './convergence.ts';

/** Measures, judges nothing: how long, from its first moment, the address was on a machine that serves. */
export class Availability implements Checker {
  servedMs = 0;
  totalMs = 0;
  #world: World | null = null;
  #sinceMs = 0;
  #served: boolean[] = [];
  /** Groups that have been served at all: booting is not an outage. */
  #begun: boolean[] = [];

  attach(world: World): void {
    this.#world = world;
    this.#served = world.terrain.groups.map((_, group) => isServed(world, group));
    this.#begun = [...this.#served];
  }

  addressMoved(): void {
    this.settle();
  }

  servicesChanged(): void {
    this.settle();
  }

  machineChanged(): void {
    this.settle();
  }

  faultBegins(): void {
    this.settle();
  }

  faultEnds(): void {
    this.settle();
  }

  /** Counts up to now. */
  settle(): void {
    const world = this.#world as World;
    const passedMs = world.nowMs - this.#sinceMs;
    this.#sinceMs = world.nowMs;
    for (let group = 0; group < this.#served.length; group++) {
      if (this.#begun[group]) this.totalMs += passedMs;
      if (this.#served[group]) this.servedMs += passedMs;
      this.#served[group] = isServed(world, group);
      this.#begun[group] = this.#begun[group] === true || this.#served[group] === true;
    }
  }
}
