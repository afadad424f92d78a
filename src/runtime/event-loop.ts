import type { Effect } from '../core/effects.ts';
import type { CoreEvent, Instant } from '../core/events.ts';
import { Histogram } from '../observability/metrics/histogram.ts';

/** What the loop needs of the core, of the clock and of the rest of the daemon. */
export interface EventLoopOptions {
  /** The core: takes one event in, says what to do. */
  readonly step: (event: CoreEvent) => readonly Effect[];
  /** When the core wants a tick at the latest, monotonic. */
  readonly nextWakeMs: () => number;
  readonly instant: () => Instant;
  /** The monotonic clock alone, which costs no look into /proc. */
  readonly nowMs: () => number;
  readonly perform: (effect: Effect) => void;
  /** After each turn in which everything that waited was taken in. */
  readonly onTurn: () => void;
  /** An error in the core or in an effect: a bug, never swallowed. */
  readonly onCrash: (error: unknown) => void;
  readonly timers?: LoopTimers;
}

/** Node's own unless a test hands in others. */
export interface LoopTimers {
  readonly setTimer: (callback: () => void, delayMs: number) => unknown;
  readonly clearTimer: (timer: unknown) => void;
  readonly afterSockets: (callback: () => void) => void;
}

const NODE_TIMERS: LoopTimers = {
  setTimer: (callback, delayMs) => setTimeout(callback, delayMs),
  clearTimer: (timer) => clearTimeout(timer as NodeJS.Timeout),
  afterSockets: (callback) => void setImmediate(callback),
};

/** An event before its time is put on it. */
export type Arrival = CoreEvent extends infer E ? (E extends CoreEvent ? Omit<E, 'at'> : never) : never;

/** Later than this, what was sent to us meanwhile may still wait in the socket. */
const LATE_MS = 20;
/** A socket that never runs empty (a flood) must not keep the core from judging at all. */
const DRAIN_TURNS_MAX = 64;
/** Datagrams beyond this are lost, as datagrams may be; answers and commands never are. */
const QUEUE_MAX = 4096;
/** The loop turns at least this often, so that the watchdog hears of a healthy one. */
const IDLE_MS = 1000;
const LATENESS_BOUNDS_S = [0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2];

/**
 * One bounded queue between the world and the core. Everything gets its time when it arrives, is taken in in
 * that order, and has its effects performed before the next.
 *
 * After a freeze Node runs timers before sockets: the peers' heartbeats of the last seconds lie unread while the
 * clock says that nobody was heard. So after a late timer the loop goes on turning until a turn brought no
 * datagram, and only then is time judged.
 */
export class EventLoop {
  /** How late this process's timers fire: its own slowness, which must not be taken for a peer's silence. */
  readonly lateness = new Histogram(LATENESS_BOUNDS_S);
  readonly #options: EventLoopOptions;
  readonly #timers: LoopTimers;
  readonly #queue: CoreEvent[] = [];
  #droppedDatagrams = 0;
  #datagramsSeen = 0;
  #turnScheduled = false;
  #draining = false;
  #timer: unknown = null;
  #dueMs = Number.POSITIVE_INFINITY;
  #state: 'new' | 'running' | 'closed' = 'new';

  constructor(options: EventLoopOptions) {
    this.#options = options;
    this.#timers = options.timers ?? NODE_TIMERS;
  }

  get droppedDatagrams(): number {
    return this.#droppedDatagrams;
  }

  start(): void {
    this.#state = 'running';
    this.push({ type: 'tick' });
  }

  close(): void {
    this.#state = 'closed';
    this.#timers.clearTimer(this.#timer);
    this.#queue.length = 0;
  }

  /** `at`: when it was received, if that is known better than "now". */
  push(arrival: Arrival, at: Instant = this.#options.instant()): void {
    if (this.#state === 'closed') return;
    if (arrival.type === 'message') {
      this.#datagramsSeen += 1;
      if (this.#queue.length >= QUEUE_MAX) {
        this.#droppedDatagrams += 1;
        return;
      }
    }
    this.#queue.push({ ...arrival, at } as CoreEvent);
    this.#scheduleTurn();
  }

  #scheduleTurn(): void {
    if (this.#turnScheduled || this.#draining || this.#state !== 'running') return;
    this.#turnScheduled = true;
    this.#timers.afterSockets(() => {
      this.#turnScheduled = false;
      if (!this.#draining) this.#turn();
    });
  }

  #turn(): void {
    if (this.#state !== 'running') return;
    try {
      // What effects put in meanwhile gets a turn of its own: sockets come in between.
      for (const event of this.#queue.splice(0)) {
        for (const effect of this.#options.step(event)) this.#options.perform(effect);
        if (this.#state !== 'running') return;
      }
    } catch (error) {
      this.close();
      this.#options.onCrash(error);
      return;
    }
    this.#scheduleTimer();
    this.#options.onTurn();
  }

  #scheduleTimer(): void {
    this.#timers.clearTimer(this.#timer);
    const nowMs = this.#options.nowMs();
    this.#dueMs = Math.min(this.#options.nextWakeMs(), nowMs + IDLE_MS);
    const delayMs = Math.max(1, Math.ceil(this.#dueMs - nowMs));
    this.#timer = this.#timers.setTimer(() => this.#onTimer(), delayMs);
    this.#dueMs = nowMs + delayMs;
  }

  #onTimer(): void {
    const lateMs = this.#options.nowMs() - this.#dueMs;
    this.lateness.observe(Math.max(0, lateMs) / 1_000);
    if (lateMs <= LATE_MS) {
      this.push({ type: 'tick' });
      return;
    }
    this.#draining = true;
    this.#drain(this.#datagramsSeen, DRAIN_TURNS_MAX);
  }

  #drain(seenBefore: number, turnsLeft: number): void {
    this.#timers.afterSockets(() => {
      const seen = this.#datagramsSeen;
      if (seen !== seenBefore && turnsLeft > 0) {
        this.#drain(seen, turnsLeft - 1);
        return;
      }
      this.#draining = false;
      this.push({ type: 'tick' });
    });
  }
}
