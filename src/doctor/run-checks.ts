import { EXIT } from '../control/exit-codes.ts';
import { Blocked, type Check, type Finding, failure, warning } from './check.ts';
import type { DoctorContext } from './doctor-context.ts';

export interface Report {
  readonly check: string;
  readonly findings: readonly Finding[];
}

/** Longer than any deadline within a check, so that the check itself says what was slow. */
const BOUND_MS = 20_000;

/**
 * Runs all checks side by side and tells of each, in the order of the list, as soon as it and all before it are
 * over. Never rejects; `boundMs` is what one check may take.
 */
export async function runChecks(
  checks: readonly Check[],
  context: DoctorContext,
  onReport: (report: Report) => void = () => {},
  boundMs = BOUND_MS,
): Promise<readonly Report[]> {
  const running = checks.map((check) => findingsOf(check, context, boundMs));
  const reports: Report[] = [];
  for (const [place, check] of checks.entries()) {
    const report = { check: check.name, findings: (await running[place]) ?? [] };
    reports.push(report);
    onReport(report);
  }
  return reports;
}

async function findingsOf(
  check: Check,
  context: DoctorContext,
  boundMs: number,
): Promise<readonly Finding[]> {
  const over = new AbortController();
  const late = new Promise<'late'>((resolve) => {
    over.signal.addEventListener('abort', () => resolve('late'), { once: true });
  });
  const timer = setTimeout(() => over.abort(), boundMs);
  try {
    const looking = check.look(context, AbortSignal.any([over.signal, context.signal]));
    looking.catch(() => {});
    const found = await Promise.race([looking, late]);
    if (found !== 'late') return found;
    const text = `not known: it was not found out within ${boundMs / 1_000} s`;
    return [failure(text, 'look at the load of this machine and at its network, then try again')];
  } catch (error) {
    if (error instanceof Blocked)
      return [warning(`not looked at, for want of ${error.message}`, 'mend that first')];
    return [failure(`not known: ${messageOf(error)}`, 'mend that and try again')];
  } finally {
    clearTimeout(timer);
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** 0 without a failure; else what the first failure says. */
export function exitCodeOf(reports: readonly Report[]): number {
  for (const finding of reports.flatMap(({ findings }) => findings)) {
    if (finding.verdict === 'failure') return finding.exitCode;
  }
  return EXIT.ok;
}
