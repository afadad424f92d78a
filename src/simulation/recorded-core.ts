import type { CoreState } from '../core/state.ts';
import type { Millis, NodeName } from '../core/types.ts';
import type { FactLine } from '../journal/fact.ts';
import { Recorder } from '../journal/recorder.ts';
import { decodeRecordings, type Recording } from '../journal/recording.ts';
import type { CoreUnderTest } from './core-under-test.ts';

interface RecordedCoreOptions {
  readonly paths: number;
  /** The wall's clock of a node at a moment of its own. */
  readonly wallMsAt: (node: NodeName, nowMs: Millis) => number;
  readonly pieceBytesMost?: number;
}

/** The journals that the daemons of one world would have left. */
export class RecordedCore {
  readonly core: CoreUnderTest;
  readonly #journals = new Map<NodeName, { facts: string; steps: string }>();

  constructor(core: CoreUnderTest, { paths, wallMsAt, pieceBytesMost = 2 ** 18 }: RecordedCoreOptions) {
    const recorders = new WeakMap<object, Recorder>();
    this.core = {
      ...core,
      createCore: (options) => {
        const state = core.createCore(options) as CoreState;
        const journal = this.#journals.get(options.config.self) ?? { facts: '', steps: '' };
        this.#journals.set(options.config.self, journal);
        const recorder = new Recorder({
          version: 'simulated',
          paths,
          wallMsAt: (nowMs) => wallMsAt(options.config.self, nowMs),
          fact: (line) => {
            journal.facts += line;
          },
          steps: (lines) => {
            journal.steps += lines;
          },
          pieceBytesMost,
        });
        recorder.start(options);
        recorders.set(state, recorder);
        return state;
      },
      step: (state, event) => {
        const effects = core.step(state, event);
        recorders.get(state as object)?.stepped(state as CoreState, event, effects);
        return effects;
      },
    };
  }

  facts(node: NodeName): readonly FactLine[] {
    const lines = (this.#journals.get(node)?.facts ?? '').split('\n').filter((line) => line !== '');
    return lines.map((line) => JSON.parse(line) as FactLine);
  }

  recordings(node: NodeName): readonly Recording[] {
    return decodeRecordings(this.#journals.get(node)?.steps ?? '').recordings;
  }
}
