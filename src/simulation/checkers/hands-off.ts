import type { CallEffect } from '../../core/effects.ts';
import type { TermReason } from '../../core/types.ts';
import type { Machine } from '../machine.ts';
import type { World } from '../world.ts';
import type { Checker, Report } from './checker.ts';

/** Terms by which the group would move to another node. */
const MOVING: ReadonlySet<TermReason> = new Set(['first', 'takeover', 'switchover', 'forced']);

/**
 * A node that knows that a group is in maintenance moves, starts and stops nothing of it, and claims nothing. What
 * must never run twice (`exclusive`) it still stops when it may not run it.
 */
export class HandsOff implements Checker {
  readonly #report: Report;
  #world: World | null = null;

  constructor(report: Report) {
    this.#report = report;
  }

  attach(world: World): void {
    this.#world = world;
  }

  called(machine: Machine, call: CallEffect): void {
    const world = this.#world as World;
    if (machine.daemon === null || !touches(call, this.#isExclusive(call))) return;
    if (!world.core.view(machine.daemon.state, call.group).maintenance) return;
    const what = `${machine.name} sends ${call.type} of ${call.group}, which is in maintenance`;
    this.#report({ rule: 'maintenance', atMs: world.nowMs, what });
  }

  #isExclusive(call: CallEffect): boolean {
    const world = this.#world as World;
    return world.terrain.groups[world.groupIndex(call.group)]?.kind === 'exclusive';
  }
}

function touches(call: CallEffect, exclusive: boolean): boolean {
  switch (call.type) {
    case 'create-term':
      return MOVING.has(call.record.reason);
    case 'take-address':
    case 'take-free-address':
    case 'release-address':
    case 'start-services':
      return true;
    case 'stop-services':
      return !exclusive;
    default:
      return false;
  }
}
