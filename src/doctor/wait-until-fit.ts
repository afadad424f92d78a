import { setTimeout as sleep } from 'node:timers/promises';
import type { Check } from './check.ts';
import { DoctorContext, type DoctorOptions } from './doctor-context.ts';
import type { Written } from './probe-folder.ts';
import { type Report, runChecks } from './run-checks.ts';

const LOOK_EVERY_MS = 2_000;

export interface Waiting {
  readonly checks: readonly Check[];
  readonly options: Omit<DoctorOptions, 'waiting' | 'written' | 'signal'>;
  /** Aborted when the time is over, or nobody waits any more. */
  readonly signal: AbortSignal;
  /** Hears what is still wrong, each time that it is something else. */
  readonly onProblems: (problems: readonly string[]) => void;
  readonly lookEveryMs?: number;
}

/** Looks again and again until nothing is a failure, or the signal is aborted; returns what was seen last. */
export async function waitUntilFit(waiting: Waiting): Promise<readonly Report[]> {
  const { checks, options, signal, onProblems, lookEveryMs = LOOK_EVERY_MS } = waiting;
  const written: Written = new Map();
  let said = '';
  let last: readonly Report[] = [];
  for (;;) {
    const context = new DoctorContext({ ...options, waiting: true, written, signal });
    const reports = await runChecks(checks, context);
    await context.close();
    // A look that was cut short knows less than the one before it.
    if (signal.aborted && last.length > 0) return last;
    last = reports;
    const problems = problemsOf(reports);
    if (problems.length === 0 || signal.aborted) return reports;
    if (problems.join('\n') !== said) onProblems(problems);
    said = problems.join('\n');
    await sleep(lookEveryMs, undefined, { signal }).catch(() => {});
  }
}

/** The failures, one line each: "heartbeats: aux (10.0.0.12) was never heard". */
export const problemsOf = (reports: readonly Report[]): readonly string[] =>
  reports.flatMap(({ check, findings }) =>
    findings.flatMap(({ verdict, text }) => (verdict === 'failure' ? [`${check}: ${text}`] : [])),
  );
