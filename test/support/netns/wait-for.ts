import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicMs } from './monotonic.ts';

export interface WaitOptions {
  readonly withinMs: number;
  readonly everyMs?: number;
}

/**
 * Asks again and again until `probe` gives something but undefined, false or null; throws, naming `what`, after
 * `withinMs`. An error thrown by `probe` counts as "not yet" and is told at the end.
 */
export async function waitFor<T>(
  what: string,
  probe: () => T | Promise<T>,
  options: WaitOptions,
): Promise<NonNullable<T>> {
  const startMs = monotonicMs();
  let lastError: unknown;
  for (;;) {
    try {
      const found = await probe();
      if (found !== undefined && found !== null && found !== false) return found;
    } catch (error) {
      lastError = error;
    }
    if (monotonicMs() - startMs > options.withinMs) {
      throw new Error(`waited ${options.withinMs} ms in vain: ${what}`, { cause: lastError });
    }
    await sleep(options.everyMs ?? 20);
  }
}
