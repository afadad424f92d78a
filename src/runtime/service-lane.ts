import type { CallEffect } from '../core/effects.ts';
import type { CallResult } from '../core/events.ts';
import type { CallPerformer } from './effect-runner.ts';

/** A performer that does not return although it was called off is waited for this long, then forgotten. */
const FORGET_MS = 3000;

/** A call that runs or waits for its turn. */
interface Asked {
  readonly type: CallEffect['type'];
  readonly controller: AbortController;
}

/**
 * The calls to the services of one group, one after another: a resource never hears two of them at a time. A stop
 * calls off the starts and checks before it, and a start the checks: what was asked last is what should be. One that
 * still waited is never begun.
 */
export class ServiceLane {
  readonly #perform: CallPerformer;
  #last: Promise<unknown> = Promise.resolve();
  readonly #asked = new Set<Asked>();

  constructor(perform: CallPerformer) {
    this.#perform = perform;
  }

  run(call: CallEffect, signal: AbortSignal): Promise<CallResult> {
    for (const before of this.#asked) if (givesWay(before.type, call.type)) before.controller.abort();
    const asked = { type: call.type, controller: new AbortController() };
    this.#asked.add(asked);
    const result = this.#last.then(() => this.#turn(call, signal, asked));
    // The next in line waits for the performer, not for what the caller made of its answer.
    this.#last = result.catch(() => {});
    return result;
  }

  async #turn(call: CallEffect, signal: AbortSignal, asked: Asked): Promise<CallResult> {
    const { controller } = asked;
    const abort = () => controller.abort();
    signal.addEventListener('abort', abort, { once: true });
    try {
      if (signal.aborted || controller.signal.aborted) {
        return { type: 'failed', failure: 'not-sent', reason: 'it was called off before its turn' };
      }
      return await Promise.race([this.#perform(call, controller.signal), forgotten(controller.signal)]);
    } finally {
      signal.removeEventListener('abort', abort);
      this.#asked.delete(asked);
    }
  }
}

function givesWay(running: CallEffect['type'], asked: CallEffect['type']): boolean {
  if (asked === 'stop-services') return running !== 'stop-services';
  return asked === 'start-services' && running === 'check-services';
}

/** Ends the wait for a performer that was called off and stays: one that hangs must not block the lane for good. */
function forgotten(signal: AbortSignal): Promise<CallResult> {
  return new Promise((resolve) => {
    signal.addEventListener(
      'abort',
      () => {
        const reason = 'it was called off and did not return';
        setTimeout(() => resolve({ type: 'failed', failure: 'unknown', reason }), FORGET_MS).unref();
      },
      { once: true },
    );
  });
}
