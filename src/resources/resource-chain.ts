import type { CallResult, UnwellResource } from '../core/events.ts';
import {
  type CallLimits,
  failedState,
  type ResourceAdapter,
  type ResourceState,
  startBudget,
} from './resource-adapter.ts';
import { DEFAULT_WATCH, ResourceWatch, type WatchSettings } from './resource-watch.ts';

/** The last that is known of one resource. */
export interface ResourceView {
  readonly name: string;
  readonly state: 'started' | 'starting' | 'stopping' | 'stopped' | 'failed' | 'unknown';
  /** Why it failed, or why that is not known; '' otherwise. */
  readonly reason: string;
}

/** Hears what happens between the calls of the core. */
export interface ChainListener {
  /** The monitor of a resource cannot find out how it is ('': it can again). Said when it changes. */
  readonly onBlind?: (resource: string, reason: string) => void;
  /** What a validation found odd, once as long as it stays the same. */
  readonly onWarning?: (warning: string) => void;
  /** '' or why nothing may be started now: asked before each resource. */
  readonly whyNotStart?: () => string;
}

/**
 * The resources of one group in the order in which they are written, the address apart (the core moves that
 * itself). Started left to right, because what stands right may need what stands left; stopped the other way.
 */
export class ResourceChain {
  readonly resources: readonly ResourceAdapter[];
  readonly #listener: ChainListener;
  readonly #warned = new Map<ResourceAdapter, string>();
  /** By the place of the resource. */
  readonly #watches: readonly ResourceWatch[];
  #onUnwell: (unwell: UnwellResource) => void = () => {};

  /** `watches`: how each resource is watched, by its place. */
  constructor(
    resources: readonly ResourceAdapter[],
    listener: ChainListener = {},
    watches: readonly WatchSettings[] = [],
  ) {
    this.resources = resources;
    this.#listener = listener;
    this.#watches = resources.map(
      (each, resource) =>
        new ResourceWatch(each, watches[resource] ?? DEFAULT_WATCH, {
          onUnwell: (reason) => this.#unwell(resource, reason),
          onBlind: (reason) => listener.onBlind?.(each.name, reason),
        }),
    );
  }

  /** Who hears when the watch over a resource finds it ended or not doing its work, at every look again. */
  listen(onUnwell: (unwell: UnwellResource) => void): void {
    this.#onUnwell = onUnwell;
  }

  /** The daemon is awake: looks for dead processes that are about due are made now. */
  glance(): void {
    for (const watch of this.#watches) watch.glance();
  }

  /** Nothing is looked at any more; what runs goes on. */
  close(): void {
    for (const watch of this.#watches) watch.end();
  }

  /** What each was found to be, or is being made, for status. */
  readonly #known = new Map<ResourceAdapter, ResourceView['state']>();
  readonly #reasons = new Map<ResourceAdapter, string>();
  #validation: { readonly abort: AbortController; readonly ended: Promise<string> } | null = null;
  #lastValidation = '';
  #acting = 0;

  /** Ends at the first that fails: what stands right of it would start on sand. What runs already stays. */
  async start(limits: CallLimits): Promise<CallResult> {
    return this.#act(() => this.#start(limits));
  }

  async #start(limits: CallLimits): Promise<CallResult> {
    const budget = startBudget(limits);
    for (const [place, resource] of this.resources.entries()) {
      const watch = this.#watches[place]!;
      // What is seen to run need not be asked: the restart of another must not wait for a slow monitor.
      if (watch.verdict?.kind === 'running') continue;
      if (limits.signal.aborted) {
        return { type: 'services-failed', reason: `${resource.name}: called off before its turn` };
      }
      const forbidden = this.#listener.whyNotStart?.() ?? '';
      if (forbidden !== '') return { type: 'services-failed', reason: `${resource.name}: ${forbidden}` };
      watch.end();
      const left = { signal: limits.signal, deadlineMs: budget.remainingMs() };
      const state = await this.#observed(resource, 'starting', () => resource.start(left));
      if (state.kind !== 'running') {
        const reason = reasonOf(resource, state, 'it does not run after its start');
        return { type: 'services-failed', reason, resource: place };
      }
      watch.begin();
    }
    return { type: 'services-started' };
  }

  /**
   * Goes on after a failure, and says so at the end: one that cannot be stopped must not keep the others up
   * on a node that should run none of them.
   */
  async stop(limits: CallLimits): Promise<CallResult> {
    return this.#act(() => this.#stop(limits));
  }

  async #stop(limits: CallLimits): Promise<CallResult> {
    const reversed = [...this.resources].reverse();
    this.close();
    const budget = startBudget(limits);
    const reasons: string[] = [];
    for (const resource of reversed) {
      const left = { signal: limits.signal, deadlineMs: budget.remainingMs() };
      const state = await this.#observed(resource, 'stopping', () => resource.stop(left));
      if (state.kind !== 'stopped') reasons.push(reasonOf(resource, state, 'it still runs after its stop'));
    }
    const reason = reasons.join('; ');
    return reason === '' ? { type: 'services-stopped' } : { type: 'services-failed', reason };
  }

  /** What is watched is known. The rest is looked at all at the same time, so that none uses up the others' time. */
  async check(limits: CallLimits): Promise<CallResult> {
    const states = await Promise.all(
      this.resources.map(async (resource, place) => {
        const watch = this.#watches[place]!;
        if (watch.verdict !== null) return watch.verdict;
        const state = await this.#observed(resource, null, () => resource.monitor(limits));
        // A start that came meanwhile has called this check off, and watches by itself.
        if (state.kind === 'running' && !limits.signal.aborted) watch.begin();
        return state;
      }),
    );
    const down = states.findIndex((state) => state.kind === 'stopped' || state.kind === 'unhealthy');
    const failed = states.find((state) => state.kind === 'failed');
    // One that is known to be down counts more than one that is not known.
    if (down < 0 && failed?.kind === 'failed') return { type: 'services-failed', reason: failed.reason };
    if (down < 0) return { type: 'services-state', running: true };
    const reason = reasonOf(this.resources[down]!, states[down]!, 'it does not run');
    return { type: 'services-state', running: false, unwell: { resource: down, reason } };
  }

  #unwell(resource: number, reason: string): void {
    const each = this.resources[resource]!;
    const { verdict } = this.#watches[resource]!;
    this.#known.set(each, WORDS[verdict?.kind ?? 'unhealthy']);
    this.#reasons.set(each, reason);
    this.#onUnwell({ resource, reason });
  }

  /**
   * '' when a start could succeed, else the first reason why not. Never next to a start or a stop: `nginx -t`
   * binds the ports for a moment, and a start that comes meanwhile would find them taken.
   */
  async validate(limits: CallLimits): Promise<string> {
    if (this.#acting > 0 || this.#validation !== null) return this.#lastValidation;
    const abort = new AbortController();
    const signal = AbortSignal.any([limits.signal, abort.signal]);
    const ended = this.#validateAll({ deadlineMs: limits.deadlineMs, signal });
    this.#validation = { abort, ended };
    const reason = await ended;
    this.#validation = null;
    // One that was called off has found out nothing.
    if (!signal.aborted) this.#lastValidation = reason;
    return this.#lastValidation;
  }

  async #act(action: () => Promise<CallResult>): Promise<CallResult> {
    this.#acting += 1;
    try {
      this.#validation?.abort.abort();
      await this.#validation?.ended;
      return await action();
    } finally {
      this.#acting -= 1;
    }
  }

  async #validateAll(limits: CallLimits): Promise<string> {
    for (const resource of this.resources) {
      const state = await guarded(resource, () => resource.validate(limits));
      if (state.kind === 'failed') return state.reason;
      this.#warn(resource, 'warning' in state ? (state.warning ?? '') : '');
    }
    return '';
  }

  #warn(resource: ResourceAdapter, warning: string): void {
    if (warning !== '' && warning !== this.#warned.get(resource)) this.#listener.onWarning?.(warning);
    this.#warned.set(resource, warning);
  }

  /** The last that is known of each, in the order of their start. */
  view(): readonly ResourceView[] {
    return this.resources.map((resource, place) => {
      const { verdict, blind } = this.#watches[place]!;
      const known = this.#known.get(resource) ?? 'unknown';
      return {
        name: resource.name,
        state: verdict === null ? known : WORDS[verdict.kind],
        reason: blind || (verdict?.kind === 'running' ? '' : (this.#reasons.get(resource) ?? '')),
      };
    });
  }

  async #observed(
    resource: ResourceAdapter,
    meanwhile: 'starting' | 'stopping' | null,
    call: () => Promise<ResourceState>,
  ): Promise<ResourceState> {
    if (meanwhile !== null) this.#known.set(resource, meanwhile);
    const state = await guarded(resource, call);
    this.#known.set(resource, WORDS[state.kind]);
    this.#reasons.set(resource, 'reason' in state ? state.reason : '');
    return state;
  }
}

const WORDS: Readonly<Record<ResourceState['kind'], ResourceView['state']>> = {
  running: 'started',
  stopped: 'stopped',
  unhealthy: 'failed',
  failed: 'failed',
};

function reasonOf(resource: ResourceAdapter, state: ResourceState, otherwise: string): string {
  return 'reason' in state ? state.reason : `${resource.name}: ${otherwise}`;
}

/** An adapter that throws is a failed resource: it must not take the daemon, and with it the others, down. */
async function guarded(
  resource: ResourceAdapter,
  call: () => Promise<ResourceState>,
): Promise<ResourceState> {
  try {
    return await call();
  } catch (error) {
    return failedState(`${resource.name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
