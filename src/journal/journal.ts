import { join } from 'node:path';
import type { Effect } from '../core/effects.ts';
import type { CoreEvent, StartOptions } from '../core/events.ts';
import type { CoreState } from '../core/state.ts';
import type { Millis } from '../core/types.ts';
import { JournalWriter } from './journal-writer.ts';
import { Recorder } from './recorder.ts';
import { SegmentRing } from './segment-ring.ts';

export interface JournalOptions {
  /** Under the state directory; made when it is missing. */
  readonly directory: string;
  /** Of all its files together. */
  readonly bytesMost: number;
  readonly version: string;
  readonly paths: number;
  readonly wallMsAt: (nowMs: Millis) => number;
  readonly onTrouble: (sentence: string) => void;
}

/** What a runtime tells its journal. None of it waits, none of it throws. */
export interface StepWatcher {
  start(options: StartOptions): void;
  stepped(state: CoreState, event: CoreEvent, effects: readonly Effect[]): void;
  crashed(event: CoreEvent, error: unknown): void;
}

export const journalDirectory = (stateDirectory: string): string => join(stateDirectory, 'journal');

/** Facts are few and are wanted for long; the recording takes the rest. */
const FACTS_SHARE = 0.25;
/** A piece is never cut by a rotation, so it is small beside a file. */
const PIECE_SHARE = 0.5;
const PIECE_BYTES_MOST = 2 ** 18;

/** The journal of a daemon: its recorder, with files behind it. */
export class Journal implements StepWatcher {
  readonly #writer: JournalWriter;
  readonly #recorder: Recorder;
  readonly #onTrouble: (sentence: string) => void;
  #broken = false;

  constructor(options: JournalOptions) {
    const { directory, bytesMost, version, paths, wallMsAt, onTrouble } = options;
    this.#onTrouble = onTrouble;
    const facts = new SegmentRing(directory, 'facts', bytesMost * FACTS_SHARE);
    const steps = new SegmentRing(directory, 'steps', bytesMost * (1 - FACTS_SHARE));
    this.#writer = new JournalWriter({
      directory,
      rings: { facts, steps },
      onTrouble,
      onLost: (texts) => this.#recorder.lost(texts),
    });
    this.#recorder = new Recorder({
      version,
      paths,
      wallMsAt,
      fact: (line) => this.#writer.write('facts', line, true),
      steps: (lines, isHead) => this.#writer.write('steps', lines, isHead),
      pieceBytesMost: Math.min(PIECE_BYTES_MOST, steps.segmentBytes * PIECE_SHARE),
    });
  }

  start(options: StartOptions): void {
    this.#watch(() => this.#recorder.start(options));
  }

  stepped(state: CoreState, event: CoreEvent, effects: readonly Effect[]): void {
    this.#watch(() => this.#recorder.stepped(state, event, effects));
  }

  crashed(event: CoreEvent, error: unknown): void {
    this.#watch(() => this.#recorder.crashed(event, error));
  }

  /** When everything so far was written, or failed to be. */
  settled(): Promise<void> {
    return this.#writer.settled();
  }

  close(): Promise<void> {
    return this.#writer.close();
  }

  /** A defect in here must not end a daemon that serves: it ends the journal. */
  #watch(record: () => void): void {
    if (this.#broken) return;
    try {
      record();
    } catch (error) {
      this.#broken = true;
      const reason = error instanceof Error ? error.message : String(error);
      this.#onTrouble(`nothing is written to the journal any more, which is a defect: ${reason}`);
    }
  }
}
