import type { CallEffect } from '../../core/effects.ts';
import type { CallResult } from '../../core/events.ts';
import type { TermRecord } from '../../core/types.ts';
import { EVERY, type Fault, type FaultClass } from '../fault.ts';
import type { Machine } from '../machine.ts';
import type { AddressMove } from '../observer.ts';
import type { World } from '../world.ts';
import type { Checker, Report } from './checker.ts';

/** A node that looks at EC2 every few seconds has noticed by then that it does not answer. */
const NOTICED_MS = 15_000;
/** Who stood still has looked at nothing meanwhile. */
const STANDSTILLS: ReadonlySet<FaultClass> = new Set(['freeze', 'suspend', 'clocks-stop']);

/**
 * Rule 12: a node that was told that the address came to it, and from which it has not left, does not move it
 * again, whatever a stale reading shows. Rule 5: a node that cannot reach EC2 does not take the lead.
 */
export class NeedfulCalls implements Checker {
  readonly #report: Report;
  #world: World | null = null;
  /** Which daemon was told that the address is with it, per group; '' when the address moved since. */
  #told: string[] = [];
  /** Since when EC2 is out of reach, per node; Infinity when it is not. */
  #withoutEc2Ms: number[] = [];

  constructor(report: Report) {
    this.#report = report;
  }

  attach(world: World): void {
    this.#world = world;
    this.#told = world.terrain.groups.map(() => '');
    this.#withoutEc2Ms = world.machines.map(() => Number.POSITIVE_INFINITY);
  }

  faultBegins(fault: Fault): void {
    this.#lookSoon(fault);
  }

  faultEnds(fault: Fault): void {
    this.#lookSoon(fault);
    if (!STANDSTILLS.has(fault.class)) return;
    const { nowMs } = this.#world as World;
    this.#withoutEc2Ms = this.#withoutEc2Ms.map((sinceMs, index) =>
      fault.node === EVERY || fault.node === index ? Math.max(sinceMs, nowMs) : sinceMs,
    );
  }

  answered(machine: Machine, call: CallEffect, result: CallResult): void {
    const world = this.#world as World;
    const group = world.groupIndex(call.group);
    if (result.type !== 'address-moved' || world.desk.addresses[group]?.now.holder !== machine.index) return;
    this.#told[group] = machine.daemon?.incarnation ?? '';
  }

  addressMoved(move: AddressMove): void {
    this.#told[move.group] = '';
  }

  called(machine: Machine, call: CallEffect): void {
    if (call.type !== 'take-address' && call.type !== 'take-free-address') return;
    const world = this.#world as World;
    if (machine.daemon === null || this.#told[world.groupIndex(call.group)] !== machine.daemon.incarnation)
      return;
    const what = `${machine.name} takes the address that it was told it has`;
    this.#report({ rule: 'rule 12', atMs: world.nowMs, what });
  }

  termCreated(_group: number, record: TermRecord): void {
    if (record.reason !== 'takeover') return;
    const world = this.#world as World;
    const index = world.terrain.names.indexOf(record.owner);
    const sinceMs = this.#withoutEc2Ms[index] as number;
    if (world.nowMs - sinceMs < NOTICED_MS + world.terrain.keepaliveMs) return;
    const what = `${record.owner} takes the lead without having reached EC2 for ${Math.round(world.nowMs - sinceMs)} ms`;
    this.#report({ rule: 'rule 5', atMs: world.nowMs, what });
  }

  /** Observers hear of a fault just before it takes hold or lets go. */
  #lookSoon(fault: Fault): void {
    if (fault.class === 'ec2-down' || fault.class === 'isolate-from-all') {
      (this.#world as World).after(0, () => this.#look());
    }
  }

  #look(): void {
    const world = this.#world as World;
    for (const { index } of world.machines) {
      const down = world.desk.cloud.isDown(index);
      if (!down) this.#withoutEc2Ms[index] = Number.POSITIVE_INFINITY;
      else if (this.#withoutEc2Ms[index] === Number.POSITIVE_INFINITY)
        this.#withoutEc2Ms[index] = world.nowMs;
    }
  }
}
