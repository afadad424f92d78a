import type { StartOptions } from '../core/events.ts';
import { type CoreState, createCore } from '../core/state.ts';
import type { CoreConfig, Incarnation, Millis, NodeName } from '../core/types.ts';
import { fromPlain, stateFromPlain, toPlain } from './state-codec.ts';
import { type Step, StepDecoder } from './step-codec.ts';

/** How a piece of the recording begins: with all that is needed to replay it alone. */
export interface RecordingHead {
  /** Of the form, not of the program. */
  readonly recording: 1;
  /** The eipkeeper that wrote it. */
  readonly version: string;
  readonly self: NodeName;
  readonly incarnation: Incarnation;
  /** How many heartbeat paths there are. */
  readonly paths: number;
  /** Both clocks at one moment, so that steps can be shown by the wall's. */
  readonly wallMs: number;
  readonly nowMs: Millis;
  readonly from:
    | { readonly kind: 'start'; readonly options: StartOptions }
    | { readonly kind: 'state'; readonly state: CoreState };
}

/** A head and the steps that followed without a gap. */
export interface Recording {
  readonly head: RecordingHead;
  readonly steps: readonly Step[];
}

export const encodeHead = (head: RecordingHead): string => JSON.stringify(toPlain(head));

/** A core of one's own in the state in which the recording begins. */
export function coreOf({ from }: RecordingHead): CoreState {
  // Through text, so that a replay does not change the recording.
  return from.kind === 'start'
    ? createCore(from.options)
    : stateFromPlain(JSON.parse(JSON.stringify(toPlain(from.state))));
}

export const configOf = ({ from }: RecordingHead): CoreConfig =>
  from.kind === 'start' ? from.options.config : from.state.config;

/** By the wall's clock, as it stood when this piece began. */
export const wallMsOf = ({ wallMs, nowMs }: RecordingHead, atMs: Millis): number => wallMs + atMs - nowMs;

export interface ReadRecordings {
  readonly recordings: readonly Recording[];
  /** Lines that could not be read and what hung on them; the torn last line of a crash is not counted. */
  readonly damagedLines: number;
}

/**
 * Reads the lines of one file. A line that cannot be read ends its recording, since what follows may hang on
 * it; the next head begins anew.
 */
export function decodeRecordings(text: string): ReadRecordings {
  const recordings: { head: RecordingHead; steps: Step[] }[] = [];
  let damagedLines = 0;
  let decoder: StepDecoder | null = null;
  const lines = text.split('\n');
  lines.forEach((line, index) => {
    if (line === '') return;
    try {
      if (line.startsWith('{"recording":1,')) {
        decoder = null;
        recordings.push({ head: fromPlain(JSON.parse(line)) as RecordingHead, steps: [] });
        decoder = new StepDecoder();
      } else if (decoder === null) {
        damagedLines += 1;
      } else {
        recordings.at(-1)?.steps.push(decoder.decode(line));
      }
    } catch {
      decoder = null;
      if (index < lines.length - 1) damagedLines += 1;
    }
  });
  return { recordings, damagedLines };
}
