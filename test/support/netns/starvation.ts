import { readFileSync } from 'node:fs';
import { monotonicMs } from './monotonic.ts';

const SAMPLE_EVERY_MS = 50;

/** The longest wait that was seen within one window. */
export interface Starvation {
  readonly who: string;
  readonly waitedMs: number;
}

/**
 * Tells what a machine does that has no time from what the program does: how long the processes of a test, and the
 * test itself, stood ready and were given no CPU.
 */
export interface StarvationGauge {
  /** From now on; a process that ends is watched no more. */
  watch(who: string, pid: number): void;
  /** So much later than it should have been something was done, just now. */
  note(who: string, waitedMs: number): void;
  /** What was seen so far is no longer of interest. */
  forget(): void;
  /** The worst wait for half of any window of this length or more; null: there was none. */
  starvation(windowMs: number): Starvation | null;
  close(): void;
}

interface Wait {
  readonly atMs: number;
  readonly who: string;
  readonly waitedMs: number;
}

export function startStarvationGauge(): StarvationGauge {
  const waits: Wait[] = [];
  const watched = new Map<number, { readonly who: string; waitedMs: number }>();
  const note = (who: string, waitedMs: number) => {
    if (waitedMs >= 1) waits.push({ atMs: monotonicMs(), who, waitedMs });
  };
  let dueMs = monotonicMs() + SAMPLE_EVERY_MS;
  const timer = setInterval(() => {
    // Also what no accounting shows: a virtual machine that stood still.
    note('the test itself', monotonicMs() - dueMs);
    for (const [pid, before] of watched) {
      const waitedMs = runQueueWaitMs(pid);
      if (waitedMs === null) watched.delete(pid);
      else note(before.who, waitedMs - before.waitedMs);
      before.waitedMs = waitedMs ?? 0;
    }
    dueMs = monotonicMs() + SAMPLE_EVERY_MS;
  }, SAMPLE_EVERY_MS);
  timer.unref();
  return {
    watch: (who, pid) => {
      const waitedMs = runQueueWaitMs(pid);
      if (waitedMs !== null) watched.set(pid, { who, waitedMs });
    },
    note,
    forget: () => {
      waits.length = 0;
    },
    starvation: (windowMs) => {
      const worst = worstOf(waits, windowMs);
      return worst !== null && worst.waitedMs >= windowMs / 2 ? worst : null;
    },
    close: () => clearInterval(timer),
  };
}

/** The greatest sum of one's waits within any window; `waits` in the order of their times. */
function worstOf(waits: readonly Wait[], windowMs: number): Starvation | null {
  let worst: Starvation | null = null;
  for (const [who, own] of Map.groupBy(waits, (wait) => wait.who)) {
    let first = 0;
    let sumMs = 0;
    for (const { atMs, waitedMs } of own) {
      sumMs += waitedMs;
      for (; own[first]!.atMs <= atMs - windowMs; first += 1) sumMs -= own[first]!.waitedMs;
      if (sumMs > (worst?.waitedMs ?? 0)) worst = { who, waitedMs: sumMs };
    }
  }
  return worst;
}

/** How long the main thread of a process has been ready to run without running; null: gone, or not told here. */
function runQueueWaitMs(pid: number): number | null {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
  } catch {
    return null;
  }
}
