import type { CallEffect } from '../core/effects.ts';
import type { CallResult } from '../core/events.ts';
import type { CallPerformer } from './effect-runner.ts';

/** A performer that does not return although it was called off is waited for this long, then forgotten. */
const FORGET_MS = 3000;

/**
 * The calls to the services of one group, one after another: a resource never hears two of them at a time.
 * A stop calls off a start or a check that runs, and so does a start with a check: what was asked last is what should be.
 */
export class ServiceLane {
  readonly #perform: CallPerformer;
  #last: Promise<unknown> = Promise.resolve();
  #current: { readonly type: CallEffect['type']; readonly controller: AbortController } | null = null;

  constructor(perform: CallPerformer) {
    this.#perform = perform;
  }

  run(call: CallEffect, signal: AbortSignal): Promise<CallResult> {
    if (this.#current !== null && givesWay(this.#current.type, call.type)) this.#current.controller.abort();
    const result = this.#last.then(() => this.#turn(call, signal));
    // The next in line waits for the performer, not for what the caller made of its answer.
    this.#last = result.catch(() => {});
    return result;
  }

  async #turn(call: CallEffect, signal: AbortSignal): Promise<CallResult> {
    if (signal.aborted) return { type: 'failed', failure: 'not-sent', reason: 'its turn came too late' };
    const controller = new AbortController();
    const abort = () => controller.abort();
    signal.addEventListener('abort', abort, { once: true });
    const current = { type: call.type, controller };
    this.#current = current;
    try {
      return await Promise.race([this.#perform(call, controller.signal), forgotten(controller.signal)]);
    } finally {
      signal.removeEventListener('abort', abort);
      if (this.#current === current) this.#current = null;
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
