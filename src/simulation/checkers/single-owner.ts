import type { Note } from '../../core/notes.ts';
import type { TermRecord } from '../../core/types.ts';
import type { Machine } from '../machine.ts';
import type { World } from '../world.ts';
import type { Checker, Report } from './checker.ts';

/**
 * S1: one owner per term. The register is a compare-and-set, so a number has two owners only if its name was
 * deleted and won again. Also rule 1: who leads in a term is named in its record, with the same incarnation.
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

  noted(machine: Machine, note: Note): void {
    if (note.type !== 'became-leader') return;
    const { terrain, nowMs } = this.#world as World;
    const group = terrain.groups.findIndex(({ name }) => name === note.group);
    const owner = this.#owners.get(`${group}/${note.term}`);
    const leader = `${machine.name}/${machine.daemon?.incarnation}`;
    if (owner === leader) return;
    const what = `${leader} leads group ${group} in term ${note.term}, which is ${owner ?? 'nobody'}'s`;
    this.#report({ rule: 'rule 1', atMs: nowMs, what });
  }
}
