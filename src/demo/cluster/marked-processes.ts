import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** In the environment of everything that the demo starts; children inherit it, however they are started. */
export const MARK = 'EIPKEEPER_DEMO';

const LOOK_EVERY_MS = 20;
const GIVE_UP_AFTER_MS = 5_000;

/**
 * The processes whose mark begins with `mark`. A web service is the daemon's child in a session of its own and
 * outlives it on purpose, so neither a process group nor a list of children would find it.
 */
export function markedProcesses(mark: string): number[] {
  const wanted = `\0${MARK}=${mark}`;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && `\0${environmentText(pid)}`.includes(wanted));
}

/** Kills them at once, as a power cut would, without waiting. Returns how many there were. */
export function killMarked(mark: string): number {
  const pids = markedProcesses(mark);
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended between the look and the signal.
    }
  }
  return pids.length;
}

/** Kills until none is left: one that is just being started shows only at a later look. */
export async function endMarked(mark: string): Promise<void> {
  const untilMs = performance.now() + GIVE_UP_AFTER_MS;
  while (killMarked(mark) > 0) {
    if (performance.now() > untilMs) {
      throw new Error(`the processes ${markedProcesses(mark).join(', ')} of the demo could not be ended`);
    }
    await sleep(LOOK_EVERY_MS);
  }
}

/** '' for a process that is gone or somebody else's; a zombie's is empty as well. */
function environmentText(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1');
  } catch {
    return '';
  }
}
