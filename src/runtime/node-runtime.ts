import type { CommandOutcome, Effect } from '../core/effects.ts';
import type {
  Command,
  CoreEvent,
  Instant,
  LocalHealth,
  OwnDeparture,
  UnwellResource,
} from '../core/events.ts';
import type { PeerMessage, Reach } from '../core/message.ts';
import type { Note } from '../core/notes.ts';
import { type CoreSnapshot, snapshot } from '../core/snapshot.ts';
import { type CoreState, createCore } from '../core/state.ts';
import { nextWakeMs, step } from '../core/step.ts';
import type { CoreConfig, GroupName, Incarnation, NodeName } from '../core/types.ts';
import type { StepWatcher } from '../journal/journal.ts';
import type { Clock } from './clock.ts';
import { type CallPerformer, EffectRunner } from './effect-runner.ts';
import { EventLoop } from './event-loop.ts';
import type { GuardKeeper } from './guard-keeper.ts';
import type { SavedState } from './state-file.ts';

export interface NodeRuntimeOptions {
  readonly config: CoreConfig;
  readonly incarnation: Incarnation;
  readonly seed: number;
  readonly saved: SavedState;
  readonly clock: Clock;
  readonly send: (to: NodeName, path: number | null, message: PeerMessage) => void;
  readonly witness: CallPerformer;
  readonly cloud: CallPerformer;
  readonly services: CallPerformer;
  readonly persist: (saved: SavedState) => void;
  /** Hears after every step, before its effects, until when exclusive groups may run; null: there are none. */
  readonly guard: Pick<GuardKeeper, 'tell'> | null;
  /** Sees every step; null: nobody does. */
  readonly journal: StepWatcher | null;
  readonly onNote: (note: Note) => void;
  /** The core has ended; nothing is sent or called any more. */
  readonly onExit: (code: number, reason: string) => void;
  /** A bug in the core or in an effect. Services and address stay as they are. */
  readonly onCrash: (error: unknown) => void;
  readonly onTurn: () => void;
  /** Something happened that `status` would show. */
  readonly onChange: () => void;
}

/** What one peer said, as the transport delivers it. */
export interface Delivery {
  readonly from: NodeName;
  readonly incarnation: Incarnation;
  readonly path: number;
  readonly message: PeerMessage;
}

/** The core, its loop and its effects, joined: the world's end of `step`. */
export class NodeRuntime {
  readonly #options: NodeRuntimeOptions;
  readonly #state: CoreState;
  readonly #loop: EventLoop;
  readonly #runner: EffectRunner;
  readonly #commands = new Map<string, (outcome: CommandOutcome) => void>();
  #changed = false;

  constructor(options: NodeRuntimeOptions) {
    this.#options = options;
    const { config, incarnation, seed, clock, saved } = options;
    const start = { config, incarnation, seed, at: clock.instant(), ...saved };
    this.#state = createCore(start);
    options.journal?.start(start);
    this.#runner = new EffectRunner({
      send: options.send,
      witness: options.witness,
      cloud: options.cloud,
      services: options.services,
      onResult: (id, result) => this.#loop.push({ type: 'call-result', id, result }),
      persist: options.persist,
      answer: (id, outcome) => this.#answer(id, outcome),
      exit: (code, reason) => this.#exit(code, reason),
      note: (note) => this.#note(note),
    });
    this.#loop = new EventLoop({
      step: (event) => this.#step(event),
      nextWakeMs: () => nextWakeMs(this.#state),
      instant: () => clock.instant(),
      nowMs: () => clock.nowMs(),
      perform: (effect) => this.#runner.perform(effect),
      onTurn: () => this.#turned(),
      onCrash: (error) => {
        this.close('the daemon broke down');
        options.onCrash(error);
      },
    });
  }

  get loop(): Pick<EventLoop, 'lateness' | 'droppedDatagrams'> {
    return this.#loop;
  }

  start(): void {
    this.#loop.start();
  }

  /** `at`: when the datagram was received, if the transport knows better than "now". */
  deliver(delivery: Delivery, at?: Instant): void {
    const { from, incarnation, path, message } = delivery;
    this.#loop.push({ type: 'message', from, incarnation, path, message }, at);
  }

  /** A monitor found a resource ended or not doing its work. */
  unwell(group: GroupName, unwell: UnwellResource): void {
    this.#loop.push({ type: 'services-unwell', group, unwell });
  }

  health(health: LocalHealth): void {
    this.#loop.push({ type: 'local-health', health });
  }

  departure(departure: OwnDeparture): void {
    this.#loop.push({ type: 'departure', departure });
  }

  reach(reach: Reach | null): void {
    this.#loop.push({ type: 'reach', reach });
  }

  reload(config: CoreConfig): void {
    this.#loop.push({ type: 'reload', config });
  }

  /** Resolves when the command is over; a stop is over when it was accepted. Never rejects. */
  command(command: Command): Promise<CommandOutcome> {
    this.#loop.push({ type: 'command', command });
    if (command.type === 'stop') return Promise.resolve({ status: 'done', reason: '' });
    return new Promise((resolve) => this.#commands.set(command.id, resolve));
  }

  snapshot(): CoreSnapshot {
    return snapshot(this.#state);
  }

  /** Ends at once: nothing is sent, called or stopped any more. Who waits for a command hears `reason`. */
  close(reason: string): void {
    this.#loop.close();
    this.#runner.close();
    for (const resolve of this.#commands.values()) resolve({ status: 'refused', reason });
    this.#commands.clear();
  }

  #step(event: CoreEvent): readonly Effect[] {
    if (event.type !== 'tick' && event.type !== 'message') this.#changed = true;
    const { journal } = this.#options;
    let effects: Effect[];
    try {
      effects = step(this.#state, event);
    } catch (error) {
      journal?.crashed(event, error);
      throw error;
    }
    this.#options.guard?.tell(this.#state, this.#options.clock);
    journal?.stepped(this.#state, event, effects);
    return effects;
  }

  #turned(): void {
    this.#options.onTurn();
    if (!this.#changed) return;
    this.#changed = false;
    this.#options.onChange();
  }

  #note(note: Note): void {
    this.#changed = true;
    this.#options.onNote(note);
  }

  #answer(id: string, outcome: CommandOutcome): void {
    this.#commands.get(id)?.(outcome);
    this.#commands.delete(id);
  }

  #exit(code: number, reason: string): void {
    this.close('the daemon has stopped');
    this.#options.onExit(code, reason);
  }
}
