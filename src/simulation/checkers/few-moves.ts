import type { TermRecord } from '../../core/types.ts';
import type { Fault, FaultClass } from '../fault.ts';
import type { AddressMove } from '../observer.ts';
import type { World } from '../world.ts';
import type { Checker, Report } from './checker.ts';

const MOVES_MOST = 8;
const HOUR_MS = 3_600_000;
/** While they last, to leave that machine is not optional: EC2 has announced to take it, or an operator did something. */
const LEAVING: ReadonlySet<FaultClass> = new Set(['departure', 'drain', 'stop-leave']);

/** L4: at most eight moves in a group and hour that nobody asked for and no silence made necessary. */
export class FewMoves implements Checker {
  readonly #report: Report;
  #world: World | null = null;
  #moves: number[][] = [];
  readonly #owners = new Map<number, string>();
  readonly #toBeLeft: string[] = [];
  /** Of each group's address, an index or FREE. */
  #holders: number[] = [];

  constructor(report: Report) {
    this.#report = report;
  }

  attach(world: World): void {
    this.#world = world;
    this.#moves = world.terrain.groups.map(() => []);
    this.#holders = world.terrain.past.map(({ holder }) => holder);
  }

  addressMoved({ group, to }: AddressMove): void {
    this.#holders[group] = to;
  }

  faultBegins(fault: Fault): void {
    if (LEAVING.has(fault.class)) this.#toBeLeft.push(this.#nameOf(fault));
  }

  faultEnds(fault: Fault): void {
    if (LEAVING.has(fault.class)) this.#toBeLeft.splice(this.#toBeLeft.indexOf(this.#nameOf(fault)), 1);
  }

  #nameOf(fault: Fault): string {
    return (this.#world as World).terrain.names[fault.node] as string;
  }

  termCreated(group: number, record: TermRecord): void {
    const from = this.#owners.get(group) ?? '';
    this.#owners.set(group, record.owner);
    if (this.#toBeLeft.includes(from)) return;
    if (record.reason !== 'switchover' || (record.requestId ?? '') !== '') return;
    const { nowMs, terrain } = this.#world as World;
    // The group follows its address, which does not move.
    if (terrain.names[this.#holders[group] as number] === record.owner) return;
    const moves = (this.#moves[group] as number[]).filter((atMs) => nowMs - atMs < HOUR_MS);
    moves.push(nowMs);
    this.#moves[group] = moves;
    if (moves.length <= MOVES_MOST) return;
    this.#report({
      rule: 'L4',
      atMs: nowMs,
      what: `${moves.length} optional moves of group ${group} in an hour`,
    });
  }
}
