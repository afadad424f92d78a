import type { Note } from '../core/notes.ts';
import type { Millis } from '../core/types.ts';
import type { Fact } from './fact.ts';

/** A partition renews its term every few seconds, a flapping link comes and goes: once says how. */
const AGAIN_AFTER_MS = 600_000;

/** These are what the journal is for. */
const ALWAYS: ReadonlySet<Note['type']> = new Set([
  'became-leader',
  'stepped-down',
  'claim-lost',
  'authority-lost',
  'serving',
  'handover-started',
  'handover-abandoned',
  'yielded',
  'acting',
  'maintenance',
  'left-leaderless',
  'leaving',
]);

/** Which facts are worth a recording of everything around them. */
export class Notability {
  readonly #judgedMs = new Map<string, Millis>();

  judge(fact: Fact, nowMs: Millis): boolean {
    if (fact.kind === 'record') return false;
    if (fact.kind !== 'note' || ALWAYS.has(fact.note.type)) return true;
    const { note } = fact;
    const about = ['group', 'node', 'owner', 'to'].map((key) => (note as Record<string, unknown>)[key]);
    const key = JSON.stringify([note.type, ...about]);
    const isNew = nowMs - (this.#judgedMs.get(key) ?? Number.NEGATIVE_INFINITY) >= AGAIN_AFTER_MS;
    if (isNew) this.#judgedMs.set(key, nowMs);
    return isNew;
  }
}
