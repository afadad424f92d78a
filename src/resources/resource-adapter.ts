import type { ProcessEntry } from './process-table.ts';

/**
 * The contract of everything that a group runs besides its address. All four are idempotent: starting what
 * runs and stopping what is stopped succeed. What one throws is a `failed` of that reason. None outlives its deadline
 * by more than the moment that killing a child takes: a resource that hangs is a failed resource, not a hung daemon.
 */
export interface ResourceAdapter {
  /** As the operator knows it: "nginx", "exec worker". Every reason starts with it. */
  readonly name: string;
  /** Whether a start could succeed here ("nginx -t"). Changes nothing that serves. */
  validate(limits: CallLimits): Promise<ResourceState>;
  start(limits: CallLimits): Promise<ResourceState>;
  stop(limits: CallLimits): Promise<ResourceState>;
  monitor(limits: CallLimits): Promise<ResourceState>;
  /**
   * Processes that live as long as the resource runs, as the last start or monitor found them. When one ends, a
   * monitor looks at once instead of at the end of its interval.
   */
  readonly processes?: readonly ProcessEntry[];
  /** For "eipkeeper doctor": what works now and will surprise, in the surroundings that `validate` does not look at. */
  oddities?(limits: CallLimits): Promise<readonly Oddity[]>;
}

export interface Oddity {
  /** "it starts at boot by itself". */
  readonly text: string;
  /** What to type. */
  readonly advice: string;
}

/**
 * What the answer means: after `start`, `running` is success; after `stop`, `stopped`; `monitor` tells which;
 * `validate` answers `running` or `stopped` when it found nothing wrong. A monitor answers `unhealthy` for what
 * runs but does not do its work, which a start mends (by a restart), and `failed` when it could not find out:
 * a monitor that hangs is not a broken service. The reason is a sentence: what failed and what to look at.
 * The warning of a `validate` is one too, of something that works but will surprise.
 */
export type ResourceState =
  | { readonly kind: 'running'; readonly warning?: string }
  | { readonly kind: 'stopped'; readonly warning?: string }
  | { readonly kind: 'unhealthy'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string };

/** What it means that a service starts by itself at boot, on every node. */
export type AtBoot = 'welcome' | 'odd' | 'forbidden';

export interface CallLimits {
  readonly deadlineMs: number;
  /** Aborted when nobody waits for the answer any more: end what was begun, and return. */
  readonly signal: AbortSignal;
}

export const RUNNING: ResourceState = { kind: 'running' };
export const STOPPED: ResourceState = { kind: 'stopped' };
export const unhealthyState = (reason: string): ResourceState => ({ kind: 'unhealthy', reason });
export const failedState = (reason: string): ResourceState => ({ kind: 'failed', reason });

/** One deadline shared by the steps of a call: each step gets what the ones before it left. */
export interface Budget {
  remainingMs(): number;
  readonly signal: AbortSignal;
}

export function startBudget(limits: CallLimits): Budget {
  const endsAt = performance.now() + limits.deadlineMs;
  return { signal: limits.signal, remainingMs: () => Math.max(0, endsAt - performance.now()) };
}

/** The same, ending with the resource's own time for this. */
export function within({ signal, deadlineMs }: CallLimits, ownMs: number): CallLimits {
  return { signal, deadlineMs: Math.min(deadlineMs, ownMs) };
}

/** What is left of it for one step, or a share of that. */
export function left(budget: Budget, share = 1): CallLimits {
  return { signal: budget.signal, deadlineMs: budget.remainingMs() * share };
}

/** A budget within the budget, so that one step cannot use up all of it. */
export function shareOf(budget: Budget, share: number, atMostMs = Number.POSITIVE_INFINITY): Budget {
  const deadlineMs = Math.min(budget.remainingMs() * share, atMostMs);
  return startBudget({ signal: budget.signal, deadlineMs });
}

/** Sleeps, or returns at once when the signal is aborted. */
export function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, durationMs);
    signal.addEventListener('abort', done, { once: true });
  });
}

/** Looks until `holds` says yes, the budget is used up, or nobody waits; answers whether it held. */
export async function waitUntil(
  holds: () => Promise<boolean> | boolean,
  budget: Budget,
  everyMs = 20,
): Promise<boolean> {
  for (;;) {
    if (await holds()) return true;
    if (budget.remainingMs() <= 0 || budget.signal.aborted) return false;
    await pause(Math.min(everyMs, budget.remainingMs()), budget.signal);
  }
}
