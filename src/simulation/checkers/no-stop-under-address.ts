import type { CallEffect } from '../../core/effects.ts';
import type { Machine } from '../machine.ts';
import type { AddressMove, ServiceCause } from '../observer.ts';
import type { World } from '../world.ts';
import type { Checker, Report } from './checker.ts';

/** A stop is judged by what could be known when it was asked for; what a human moved since is excused. */
const HAND_MOVED_LATELY_MS = 15_000;

/**
 * S7: in `address` groups failover never stops a healthy service under the address. An operator who moves the
 * address by hand onto a node that is about to stop its services has done it himself.
 */
export class NoStopUnderAddress implements Checker {
  readonly #report: Report;
  #world: World | null = null;
  #handMovedMs: number[] = [];
  /** When the stop that is under way was asked for, by "machine/group". */
  readonly #askedMs = new Map<string, number>();

  constructor(report: Report) {
    this.#report = report;
  }

  attach(world: World): void {
    this.#world = world;
    this.#handMovedMs = world.terrain.groups.map(() => Number.NEGATIVE_INFINITY);
  }

  addressMoved(move: AddressMove): void {
    if (move.call === null) this.#handMovedMs[move.group] = move.sentMs;
  }

  called(machine: Machine, call: CallEffect): void {
    const world = this.#world as World;
    if (call.type !== 'stop-services') return;
    this.#askedMs.set(`${machine.index}/${world.groupIndex(call.group)}`, world.nowMs);
  }

  servicesChanged(machine: Machine, group: number, cause: ServiceCause): void {
    const world = this.#world as World;
    if (cause !== 'stopped' || world.terrain.groups[group]?.kind !== 'address') return;
    if (world.desk.addresses[group]?.now.holder !== machine.index) return;
    const askedMs = this.#askedMs.get(`${machine.index}/${group}`) ?? world.nowMs;
    if (askedMs - (this.#handMovedMs[group] as number) < HAND_MOVED_LATELY_MS) return;
    const what = `${machine.name} stops the services of group ${group} while it holds the address`;
    this.#report({ rule: 'S7', atMs: world.nowMs, what });
  }
}
