import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_EVERY_MS = 10;

/** Looks until it is so; false when it was not so in time. */
export async function waitUntil(
  isSo: () => boolean,
  withinMs: number,
  signal?: AbortSignal,
): Promise<boolean> {
  const untilMs = performance.now() + withinMs;
  while (!isSo()) {
    signal?.throwIfAborted();
    if (performance.now() > untilMs) return false;
    await sleep(LOOK_EVERY_MS);
  }
  return true;
}
