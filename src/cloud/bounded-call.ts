import { cloudError, errorCode, type FailedCall, httpStatusOf } from './cloud-error.ts';
import { type CallTrace, newTrace, sentBy, type TrackedAgents } from './tracked-agents.ts';

/** By when a call must have answered (a duration), and a signal that abandons it earlier. */
export interface CallBounds {
  readonly signal: AbortSignal;
  readonly deadlineMs: number;
}

export type Outcome<T> =
  | { readonly status: 'answered'; readonly answer: T }
  /** `error` is what was thrown, for callers that know some refusals to be answers. */
  | { readonly status: 'failed'; readonly result: FailedCall; readonly error: unknown };

interface BoundedCall<T> {
  readonly operation: string;
  readonly kind: 'read' | 'write';
  readonly agents: TrackedAgents;
  readonly bounds: CallBounds;
  send(options: { readonly abortSignal: AbortSignal }): Promise<T>;
}

/**
 * Sends once and answers by the deadline. A call that is abandoned resets its connection at that moment, so
 * that nothing of it is sent later. Never rejects.
 */
export async function boundedCall<T>(call: BoundedCall<T>): Promise<Outcome<T>> {
  const startedMs = performance.now();
  const first = await attempt(call, call.bounds.deadlineMs);
  // A connection that the service closed while it was idle says nothing about the service. A read may be sent
  // again at once; a write may not, because whether the service saw it is not known.
  if (call.kind === 'write' || !first.diedIdle) return first.outcome;
  const leftMs = call.bounds.deadlineMs - (performance.now() - startedMs);
  return leftMs > 0 ? (await attempt(call, leftMs)).outcome : first.outcome;
}

interface Attempt<T> {
  readonly outcome: Outcome<T>;
  readonly diedIdle: boolean;
}

function attempt<T>(call: BoundedCall<T>, deadlineMs: number): Promise<Attempt<T>> {
  const { operation, agents, bounds } = call;
  const trace = newTrace();
  const abort = new AbortController();
  return new Promise((resolve) => {
    const finish = (attempt: Attempt<T>) => {
      clearTimeout(timer);
      bounds.signal.removeEventListener('abort', onSignal);
      resolve(attempt);
    };
    const fail = (error: unknown, diedIdle = false) => {
      const result = cloudError(operation, error, sentBy(trace));
      finish({ outcome: { status: 'failed', result, error }, diedIdle });
    };
    const abandon = (reason: string) => {
      // In this order: what was sent is judged, and the connection reset, before anything else can run.
      fail(Object.assign(new Error(reason), { name: 'AbortError' }));
      agents.abandon(trace);
      abort.abort();
    };
    const onSignal = () => abandon('given up');
    const timer = setTimeout(() => abandon(`no answer within ${Math.round(deadlineMs)} ms`), deadlineMs);
    if (bounds.signal.aborted) {
      fail(Object.assign(new Error('given up'), { name: 'AbortError' }));
      return;
    }
    bounds.signal.addEventListener('abort', onSignal, { once: true });
    agents
      .track(trace, async () => call.send({ abortSignal: abort.signal }))
      .then(
        (answer) => finish({ outcome: { status: 'answered', answer }, diedIdle: false }),
        (error: unknown) => fail(error, hasDiedIdle(error, trace)),
      );
  });
}

function hasDiedIdle(error: unknown, trace: CallTrace): boolean {
  return trace.reused && httpStatusOf(error) === null && ['ECONNRESET', 'EPIPE'].includes(errorCode(error));
}
