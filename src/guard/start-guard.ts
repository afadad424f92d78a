import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { isSea } from 'node:sea';
import { childEnvironment } from '../resources/process-runner.ts';
import { controlUnit, systemdRuns } from '../resources/systemd-unit.ts';

export const GUARD_UNIT = 'eipkeeper-guard.service';
const START_MOST_MS = 10_000;

export interface StartGuardOptions {
  readonly directory: string;
  readonly logPath: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Starts a guard that outlives whoever calls: the unit that the daemon's own unit names, else a process in a session
 * of its own. '' or why it could not be started.
 */
export async function startGuard(options: StartGuardOptions): Promise<string> {
  const unit = options.environment.EIPKEEPER_GUARD_UNIT;
  if (unit !== undefined && systemdRuns()) {
    const signal = new AbortController().signal;
    return controlUnit('start', unit, { deadlineMs: START_MOST_MS, signal });
  }
  return startProcess(options);
}

function startProcess({ directory, logPath }: StartGuardOptions): Promise<string> {
  // A single executable is its own script.
  const script = isSea() ? [] : [...process.execArgv, process.argv[1] ?? ''];
  const out = openLog(logPath);
  return new Promise((resolve) => {
    const guard = spawn(process.execPath, [...script, 'guard', '--directory', directory], {
      detached: true,
      // A pipe of ours would be gone with us.
      stdio: ['ignore', out, out],
      env: { ...childEnvironment(), JOURNAL_STREAM: '' },
    });
    guard.once('spawn', () => resolve(''));
    guard.once('error', (error) => resolve(error.message));
    guard.unref();
    closeSync(out);
  });
}

function openLog(path: string): number {
  try {
    return openSync(path, 'w', 0o600);
  } catch {
    return openSync('/dev/null', 'w');
  }
}
