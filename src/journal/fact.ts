import type { CommandOutcome, Effect } from '../core/effects.ts';
import type { Command, CoreEvent } from '../core/events.ts';
import type { Note } from '../core/notes.ts';
import type { Incarnation, Millis, NodeName, TermRecord } from '../core/types.ts';

/** What is kept for long: each a line of its own, so few that months of them fit. */
export type Fact =
  | { readonly kind: 'started'; readonly version: string }
  | { readonly kind: 'note'; readonly note: Note }
  | { readonly kind: 'asked'; readonly command: Command }
  | { readonly kind: 'answered'; readonly id: string; readonly outcome: CommandOutcome }
  /** The record of a term, read at the witness: it alone says why somebody else leads. */
  | { readonly kind: 'record'; readonly record: TermRecord }
  | { readonly kind: 'broke-down'; readonly reason: string }
  /** So much of what this daemon had to write was not written; counted from its start. */
  | { readonly kind: 'lost'; readonly texts: number };

/** A fact with its place: which daemon wrote it, and when by both clocks. */
export type FactLine = Fact & {
  readonly wallMs: number;
  /** CLOCK_MONOTONIC; comparable within one incarnation only. */
  readonly atMs: Millis;
  readonly self: NodeName;
  readonly incarnation: Incarnation;
};

/** The facts in one step of the core, in the order in which they came to be. */
export function* factsOf(event: CoreEvent, effects: readonly Effect[]): Generator<Fact> {
  if (event.type === 'command') yield { kind: 'asked', command: event.command };
  if (event.type === 'call-result') {
    const { result } = event;
    const isRecord = result.type === 'term-record' || result.type === 'newest-term';
    if (isRecord && result.record !== null) yield { kind: 'record', record: result.record };
  }
  for (const effect of effects) {
    if (effect.type === 'note') yield { kind: 'note', note: effect.note };
    if (effect.type === 'answer') yield { kind: 'answered', id: effect.id, outcome: effect.outcome };
  }
}
