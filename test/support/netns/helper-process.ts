import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { inNamespace } from './namespace.ts';

export type HelperProcess = ChildProcessByStdio<Writable, Readable, null>;

/** Starts one of this folder's programs (`gateway-process.ts`, …) inside a namespace, with one JSON argument. */
export function spawnHelper(namespace: string, program: string, argument: unknown): HelperProcess {
  const path = new URL(program, import.meta.url).pathname;
  const line = inNamespace(namespace, process.execPath, path, JSON.stringify(argument));
  const child = spawn('ip', line, { stdio: ['pipe', 'pipe', 'inherit'] });
  // Its end is seen as an end; a write that comes too late is no news.
  child.stdin.on('error', () => {});
  return child;
}

const READY_TIMEOUT_MS = 60_000;

/** Waits for a helper's first line; throws when it ends before, or says nothing. */
export async function helperIsReady(child: HelperProcess): Promise<void> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`${child.spawnargs.join(' ')} ended with ${code} before it was ready`);
  });
  const silent = AbortSignal.timeout(READY_TIMEOUT_MS);
  const ready = once(child.stdout, 'data', { signal: silent }).catch((cause) => {
    throw new Error(`${child.spawnargs.join(' ')} said nothing within ${READY_TIMEOUT_MS / 1_000} s`, {
      cause,
    });
  });
  await Promise.race([ready, ended]);
  ended.catch(() => {});
}

/** Ends it by its standard input, or hard after two seconds; returns when it is gone. */
export async function endHelper(child: HelperProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.stdin.end();
  const timer = setTimeout(() => child.kill('SIGKILL'), 2_000);
  await gone;
  clearTimeout(timer);
}
