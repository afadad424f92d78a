import { readFileSync, writeFileSync } from 'node:fs';

/**
 * Takes from a program that was just started what the daemon's unit gave the daemon alone: its place at the end of
 * the kernel's list when memory is short. A service that leaks must be found there. The niceness needs nothing: the
 * unit says that it is not inherited.
 */
export function withoutOomProtection(pid: number | undefined): void {
  if (pid === undefined || !isProtected()) return;
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, '0');
  } catch {
    // It has ended already, or is somebody else's by now: it runs as it is.
  }
}

let own: boolean | null = null;

function isProtected(): boolean {
  own ??= readOwn() < 0;
  return own;
}

function readOwn(): number {
  try {
    return Number(readFileSync('/proc/self/oom_score_adj', 'utf8'));
  } catch {
    return 0;
  }
}
