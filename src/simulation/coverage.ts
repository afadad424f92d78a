import type { CallEffect } from '../core/effects.ts';
import type { CallResult } from '../core/events.ts';
import type { Note } from '../core/notes.ts';
import type { TermRecord } from '../core/types.ts';
import type { Fault } from './fault.ts';
import type { Machine } from './machine.ts';
import type { Observer } from './observer.ts';

/** Counts of what occurred, so that a run shows what it did not try. */
export type Counts = Record<string, number>;

export class Coverage implements Observer {
  readonly counts: Counts = {};

  faultBegins(fault: Fault): void {
    this.#count(`fault ${fault.class}`);
  }

  noted(_machine: Machine, note: Note): void {
    this.#count(`note ${note.type}`);
  }

  termCreated(_group: number, record: TermRecord): void {
    this.#count(`term ${record.reason}`);
  }

  answered(_machine: Machine, call: CallEffect, result: CallResult): void {
    this.#count(`call ${call.type}: ${result.type === 'failed' ? result.failure : result.type}`);
  }

  dropped(_machine: Machine, why: string): void {
    this.#count(`dropped: ${why}`);
  }

  #count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }
}

export function addCounts(left: Counts, right: Counts): Counts {
  const sum = { ...left };
  for (const [what, count] of Object.entries(right)) sum[what] = (sum[what] ?? 0) + count;
  return sum;
}
