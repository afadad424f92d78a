import type { CallEffect } from '../../core/effects.ts';
import type { CallResult } from '../../core/events.ts';
import type { Note } from '../../core/notes.ts';
import type { Machine } from '../machine.ts';
import type { World } from '../world.ts';
import type { Checker, Report } from './checker.ts';

/**
 * Rule 10: a leader yields only with no change to EC2 in flight or unknown; what lands after the yield would
 * take the address from its successor. A change whose answer was lost is unknown until a reading that was
 * begun after that came back.
 */
export class CleanYield implements Checker {
  readonly #report: Report;
  #world: World | null = null;
  /** By "incarnation/group": what is in doubt, and the readings that were begun since. */
  readonly #doubts = new Map<string, { inFlight: number | null; readings: Set<number> }>();

  constructor(report: Report) {
    this.#report = report;
  }

  attach(world: World): void {
    this.#world = world;
  }

  called(machine: Machine, call: CallEffect): void {
    const key = keyOf(machine, call.group);
    if (isChange(call)) this.#doubts.set(key, { inFlight: call.id, readings: new Set() });
    else if (call.type === 'describe-address') this.#doubts.get(key)?.readings.add(call.id);
  }

  answered(machine: Machine, call: CallEffect, result: CallResult): void {
    const key = keyOf(machine, call.group);
    const doubt = this.#doubts.get(key);
    if (doubt === undefined) return;
    if (isChange(call) && doubt.inFlight === call.id) {
      if (result.type !== 'failed' || result.failure !== 'unknown') this.#doubts.delete(key);
      else this.#doubts.set(key, { inFlight: null, readings: new Set() });
    } else if (doubt.inFlight === null && result.type === 'address-reading' && doubt.readings.has(call.id)) {
      this.#doubts.delete(key);
    }
  }

  noted(machine: Machine, note: Note): void {
    if (note.type !== 'yielded' || !this.#doubts.has(keyOf(machine, note.group))) return;
    const what = `${machine.name} yields while a change of its own to EC2 is in flight or unknown`;
    this.#report({ rule: 'rule 10', atMs: (this.#world as World).nowMs, what });
  }
}

const keyOf = (machine: Machine, group: string): string => `${machine.daemon?.incarnation}/${group}`;

const isChange = (call: CallEffect): boolean =>
  call.type === 'take-address' || call.type === 'take-free-address' || call.type === 'release-address';
