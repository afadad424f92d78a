import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** For anything but a build, on a busy machine. */
const TIMEOUT_MS = 120_000;

export interface Ended {
  /** -1: it was killed, or could not be run; `stderr` says which. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
}

/** Runs podman to its end, or kills it when its time is over. Never throws. */
export async function tryPodman(args: readonly string[], timeoutMs = TIMEOUT_MS): Promise<Ended> {
  try {
    // One that hangs may not heed SIGTERM.
    const options = { timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: 16 * 2 ** 20 } as const;
    return { code: 0, timedOut: false, ...(await run('podman', args, options)) };
  } catch (error) {
    const {
      code,
      killed,
      message,
      stdout = '',
      stderr = '',
    } = error as Partial<Ended> & {
      readonly killed?: boolean;
      readonly message: string;
    };
    if (typeof code === 'number') return { code, timedOut: false, stdout, stderr };
    const timedOut = killed === true && code === null;
    const reason = timedOut ? `podman was killed: it did not end within ${timeoutMs / 1_000} s` : message;
    return { code: -1, timedOut, stdout, stderr: `${stderr}${reason}\n` };
  }
}

/** What podman printed, both streams apart; throws with it when it fails or takes too long. */
export async function podman(
  args: readonly string[],
  timeoutMs = TIMEOUT_MS,
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const { code, stdout, stderr } = await tryPodman(args, timeoutMs);
  if (code === 0) return { stdout, stderr };
  throw new Error(`"podman ${args.join(' ')}" ended with ${code}: ${stderr}${stdout}`);
}
