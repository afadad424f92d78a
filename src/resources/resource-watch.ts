import { livesNow, type ProcessEntry } from './process-table.ts';
import { failedState, type ResourceAdapter, type ResourceState, RUNNING } from './resource-adapter.ts';

export interface WatchSettings {
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

export interface WatchListener {
  /** It has ended or does not do its work. Said at every look that finds it so. */
  readonly onUnwell: (reason: string) => void;
  /** The monitor could not find out, for another reason than before; '': it can again. */
  readonly onBlind: (reason: string) => void;
}

export const DEFAULT_WATCH: WatchSettings = { intervalMs: 5_000, timeoutMs: 5_000 };
/** Node has no pidfd, and no event tells the end of a process that is no child: so its entry in /proc is read. */
const DEATH_LOOK_MS = 100;
/** So often at the least, if the daemon is not awake for something else: being woken costs more than the look. */
const DEATH_LOOK_MOST_MS = 250;
/** A daemon that wakes up every 100 ms does so a little earlier at times. */
const SLACK_MS = 20;
/** An adapter that does not return is called off by its deadline and then has this long to do so. */
const RETURN_MS = 2_000;

/**
 * Looks after one resource that should run: its monitor at an interval, never two at a time, and its processes many
 * times a second. Nothing waits for it, and a monitor that hangs or cannot run says nothing about the resource.
 */
export class ResourceWatch {
  readonly #resource: ResourceAdapter;
  readonly #settings: WatchSettings;
  readonly #listener: WatchListener;
  #round: AbortController | null = null;
  #look: AbortController | null = null;
  #timer: NodeJS.Timeout | undefined;
  #deathTimer: NodeJS.Timeout | undefined;
  #lookedForDeathMs = 0;
  #processes: readonly ProcessEntry[] = [];
  #verdict: ResourceState | null = null;
  #blind = '';

  constructor(resource: ResourceAdapter, settings: WatchSettings, listener: WatchListener) {
    this.#resource = resource;
    this.#settings = settings;
    this.#listener = listener;
  }

  /** What the last look that could tell found; null: it is not watched. */
  get verdict(): ResourceState | null {
    return this.#verdict;
  }

  /** Why the last look could not tell; '' when it could. */
  get blind(): string {
    return this.#blind;
  }

  /** It was just found, or made, to run. */
  begin(): void {
    this.end();
    const round = new AbortController();
    this.#round = round;
    this.#see(RUNNING);
    this.#plan(round, this.#settings.intervalMs);
    this.#deathTimer = setInterval(() => this.#lookForDeath(round), DEATH_LOOK_MOST_MS).unref();
  }

  /** Calls off a look that is under way and waits for nothing. */
  end(): void {
    this.#round?.abort();
    this.#round = null;
    clearTimeout(this.#timer);
    clearInterval(this.#deathTimer);
    this.#verdict = null;
    this.#processes = [];
  }

  /** The daemon is awake: a look for dead processes that is about due is made now. */
  glance(): void {
    if (this.#round === null) return;
    if (performance.now() - this.#lookedForDeathMs < DEATH_LOOK_MS - SLACK_MS) return;
    this.#deathTimer?.refresh();
    this.#lookForDeath(this.#round);
  }

  #plan(round: AbortController, delayMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#lookOnce(round), delayMs).unref();
  }

  #lookForDeath(round: AbortController): void {
    this.#lookedForDeathMs = performance.now();
    if (this.#processes.every(livesNow)) return;
    this.#processes = [];
    // A look that began before it ended may still find it alive.
    if (this.#look === null) this.#plan(round, 0);
    else this.#look.abort();
  }

  async #lookOnce(round: AbortController): Promise<void> {
    const { intervalMs, timeoutMs } = this.#settings;
    const beganMs = performance.now();
    const look = new AbortController();
    this.#look = look;
    const signal = AbortSignal.any([round.signal, look.signal]);
    const monitor = this.#monitor({ deadlineMs: timeoutMs, signal });
    const state = await Promise.race([monitor, this.#tooLate(timeoutMs + RETURN_MS, signal)]);
    if (!round.signal.aborted && !look.signal.aborted) this.#take(state);
    // Who hangs for good is not asked a second time meanwhile.
    await monitor;
    const again = look.signal.aborted;
    look.abort();
    if (this.#look === look) this.#look = null;
    if (round.signal.aborted) return;
    const passedMs = performance.now() - beganMs;
    this.#plan(round, again ? 0 : Math.max(0, intervalMs - passedMs));
  }

  async #monitor(limits: Parameters<ResourceAdapter['monitor']>[0]): Promise<ResourceState> {
    try {
      return await this.#resource.monitor(limits);
    } catch (error) {
      return failedState(`${this.#resource.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** Never after the signal: then nobody asks. */
  #tooLate(afterMs: number, signal: AbortSignal): Promise<ResourceState> {
    return new Promise((resolve) => {
      const reason = `${this.#resource.name}: its monitor does not return`;
      const timer = setTimeout(() => resolve(failedState(reason)), afterMs).unref();
      signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
    });
  }

  #take(state: ResourceState): void {
    const blind = state.kind === 'failed' ? state.reason : '';
    if (blind !== this.#blind) {
      this.#blind = blind;
      this.#listener.onBlind(blind);
    }
    if (blind !== '') return;
    this.#see(state);
    if (state.kind === 'stopped') this.#listener.onUnwell(`${this.#resource.name}: it has ended`);
    if (state.kind === 'unhealthy') this.#listener.onUnwell(state.reason);
  }

  #see(state: ResourceState): void {
    this.#verdict = state;
    this.#processes = state.kind === 'running' ? (this.#resource.processes ?? []) : [];
  }
}
