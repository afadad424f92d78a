import type { TermRecord } from '../../core/types.ts';
import type { World } from '../world.ts';
import type { Checker, Report } from './checker.ts';

/**
 * S1: one owner per term. The register is a compare-and-set, so a number has two owners only if its name was
 * deleted and won again. Also rule 1: terms are made by the node that they name.
 */
export class SingleOwner implements Checker {
  readonly #report: Report;
  readonly #owners = new Map<string, string>();
  #world: World | null = null;

  constructor(report: Report) {
    this.#report = report;
  }

  attach(world: World): void {
    this.#world = world;
    for (const [group, { record }] of world.terrain.past.entries()) {
      if (record !== null) this.termCreated(group, record);
    }
  }

  termCreated(group: number, record: TermRecord): void {
    const key = `${group}/${record.term}`;
    const owner = `${record.owner}/${record.incarnation}`;
    const before = this.#owners.get(key);
    if (before === undefined) {
      this.#owners.set(key, owner);
      return;
    }
    const what = `term ${record.term} of group ${group} was ${before}'s and is now ${owner}'s`;
    this.#report({ rule: 'S1', atMs: this.#world?.nowMs ?? 0, what });
  }
}
