import { step } from '../core/step.ts';
import type { Millis } from '../core/types.ts';
import { coreOf, type Recording } from './recording.ts';
import { digestOf, type KeptEffect } from './step-codec.ts';

/** A step in which the core of today does something else than the one that was recorded. */
export interface Difference {
  readonly atMs: Millis;
  readonly recorded: readonly KeptEffect[] | string;
  readonly replayed: readonly KeptEffect[] | string;
}

export interface Replay {
  readonly steps: number;
  /** The decisions of the replayed core: everything but heartbeats and the state file. */
  readonly decisions: readonly KeptEffect[];
  /** null when all of it was the same. After a difference the rest means nothing, so it ends there. */
  readonly difference: Difference | null;
}

/** Puts the recorded events through the core again and compares what it does. */
export function replay({ head, steps }: Recording): Replay {
  const state = coreOf(head);
  const decisions: KeptEffect[] = [];
  for (const [index, recorded] of steps.entries()) {
    let crash = '';
    let digest = '';
    let kept: KeptEffect[] = [];
    try {
      const effects = step(state, recorded.event);
      digest = digestOf(effects);
      kept = effects.filter((effect) => effect.type !== 'send' && effect.type !== 'persist');
      decisions.push(...kept);
    } catch (error) {
      crash = error instanceof Error ? error.message : String(error);
    }
    if (digest === recorded.digest && crash === recorded.crash) continue;
    const difference = {
      atMs: recorded.event.at.nowMs,
      recorded: recorded.crash === '' ? recorded.effects : recorded.crash,
      replayed: crash === '' ? kept : crash,
    };
    return { steps: index + 1, decisions, difference };
  }
  return { steps: steps.length, decisions, difference: null };
}
