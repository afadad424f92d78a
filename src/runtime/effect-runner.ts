import type { CallEffect, CommandOutcome, Effect } from '../core/effects.ts';
import type { CallResult } from '../core/events.ts';
import type { PeerMessage } from '../core/message.ts';
import type { Note } from '../core/notes.ts';
import { assertNever, type GroupName, type NodeName } from '../core/types.ts';
import { ServiceLane } from './service-lane.ts';

/** Performs one call; told by `signal` when nobody waits for its answer any more. */
export type CallPerformer = (call: CallEffect, signal: AbortSignal) => Promise<CallResult>;

export interface EffectRunnerOptions {
  readonly send: (to: NodeName, path: number | null, message: PeerMessage) => void;
  readonly witness: CallPerformer;
  readonly cloud: CallPerformer;
  readonly services: CallPerformer;
  readonly onResult: (id: number, result: CallResult) => void;
  readonly persist: (saved: Extract<Effect, { type: 'persist' }>) => void;
  readonly answer: (id: string, outcome: CommandOutcome) => void;
  readonly exit: (code: number, reason: string) => void;
  readonly note: (note: Note) => void;
}

/** A performer keeps the deadline itself and can say more than "unknown"; this only stands behind it. */
const BACKSTOP_MS = 25;

/** More at a time means that something loops; what is refused here was certainly not sent. */
const CALLS_MAX = 256;

/**
 * Turns effects into deeds. Calls to the witness and to EC2 run next to each other, so that a move never queues
 * behind a reading; those to the services of one group run one after another. Every call is answered exactly
 * once, soon after its deadline as `failed: unknown`, whatever its performer does.
 */
export class EffectRunner {
  readonly #options: EffectRunnerOptions;
  readonly #running = new Map<
    number,
    { readonly controller: AbortController; readonly isService: boolean }
  >();
  readonly #lanes = new Map<GroupName, ServiceLane>();

  constructor(options: EffectRunnerOptions) {
    this.#options = options;
  }

  perform(effect: Effect): void {
    switch (effect.type) {
      case 'send':
        return this.#options.send(effect.to, effect.path, effect.message);
      case 'persist':
        return this.#options.persist(effect);
      case 'answer':
        return this.#options.answer(effect.id, effect.outcome);
      case 'exit':
        return this.#options.exit(effect.code, effect.reason);
      case 'note':
        return this.#options.note(effect.note);
      default:
        return this.#call(effect);
    }
  }

  /** Calls off what runs, but not what was begun with services: a start that is half done is not cut down. */
  close(): void {
    for (const { controller, isService } of this.#running.values()) if (!isService) controller.abort();
    this.#running.clear();
  }

  #call(call: CallEffect): void {
    if (this.#running.size >= CALLS_MAX) {
      const reason = `${CALLS_MAX} calls are under way already`;
      queueMicrotask(() => this.#options.onResult(call.id, { type: 'failed', failure: 'not-sent', reason }));
      return;
    }
    const controller = new AbortController();
    this.#running.set(call.id, { controller, isService: call.type.endsWith('-services') });
    const end = (result: CallResult) => {
      // Of the deadline and the answer only the first counts; after close, neither.
      if (!this.#running.delete(call.id)) return;
      clearTimeout(timer);
      controller.abort();
      this.#options.onResult(call.id, result);
    };
    const timer = setTimeout(() => {
      end({
        type: 'failed',
        failure: 'unknown',
        reason: `${call.type} had no answer in ${call.deadlineMs} ms`,
      });
    }, call.deadlineMs + BACKSTOP_MS);
    controller.signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
    const perform = this.#performerOf(call);
    // Inside a promise, so that a performer that throws at once is a failed call too.
    Promise.resolve()
      .then(() => perform(call, controller.signal))
      .then(end, (error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        end({ type: 'failed', failure: 'unknown', reason: `${call.type}: ${reason}` });
      });
  }

  #performerOf(call: CallEffect): CallPerformer {
    switch (call.type) {
      case 'create-term':
      case 'read-term':
      case 'read-newest':
      case 'delete-terms':
      case 'close-request':
        return this.#options.witness;
      case 'describe-address':
      case 'take-address':
      case 'take-free-address':
      case 'release-address':
      case 'describe-instance':
        return this.#options.cloud;
      case 'start-services':
      case 'stop-services':
      case 'check-services':
        return (serviceCall, signal) => this.#lane(serviceCall.group).run(serviceCall, signal);
      default:
        return assertNever(call);
    }
  }

  #lane(group: GroupName): ServiceLane {
    const known = this.#lanes.get(group);
    if (known !== undefined) return known;
    const lane = new ServiceLane(this.#options.services);
    this.#lanes.set(group, lane);
    return lane;
  }
}
