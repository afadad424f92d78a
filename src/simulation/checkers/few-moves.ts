import type { TermRecord } from '../../core/types.ts';
import type { World } from '../world.ts';
import type { Checker, Report } from './checker.ts';

const MOVES_MOST = 8;
const HOUR_MS = 3_600_000;

/** L4: at most eight moves in a group and hour that nobody asked for and no silence made necessary. */
export class FewMoves implements Checker {
  readonly #report: Report;
  #world: World | null = null;
  #moves: number[][] = [];

  constructor(report: Report) {
    this.#report = report;
  }

  attach(world: World): void {
    this.#world = world;
    this.#moves = world.terrain.groups.map(() => []);
  }

  termCreated(group: number, record: TermRecord): void {
    if (record.reason !== 'switchover' || (record.requestId ?? '') !== '') return;
    const { nowMs } = this.#world as World;
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
