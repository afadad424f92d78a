import { type BatchResult, worldOf } from './batch.ts';
import type { Counts } from './coverage.ts';
import { replayCommand } from './failure-report.ts';
import type { PlanWishes } from './plan.ts';
import { tooRare } from './too-rare.ts';

/** From so many schedules on, those of the gate, a run is expected to have met everything. */
const JUDGED_FROM = 200_000;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** What a run says in the end, line by line, and whether it passes. */
export function summary(
  result: BatchResult,
  worlds: readonly PlanWishes[],
  seconds: number,
): { readonly lines: readonly string[]; readonly passes: boolean } {
  const { schedules, steps, virtualMs, denseVirtualMs, denseMs, servedMs, totalMs } = result;
  const lines = [...table(result.counts), ...table(result.branches)];
  const perMinute = denseMs === 0 ? 0 : Math.round(denseVirtualMs / MINUTE_MS / (denseMs / MINUTE_MS));
  lines.push(
    `${schedules} schedules, ${steps} steps, ${Math.round(virtualMs / HOUR_MS)} virtual hours in ${seconds.toFixed(1)} s`,
    `${perMinute} schedules of 60 virtual seconds a minute on one core, the sparse ones left out`,
    `address served ${((100 * servedMs) / totalMs).toFixed(2)} % of the time full of faults`,
    `slowest recovery ${result.slowestRecoveryMs} ms (seed ${result.slowestRecoverySeed})`,
    `${result.failures.length} seeds broke a promise`,
  );
  for (const { seed, rule, what } of result.failures) {
    lines.push(`FAILED seed ${seed} ${rule}: ${what.split('\n')[0]}`);
    lines.push(`  ${replayCommand(seed, worldOf(worlds, seed))}`);
  }
  const rare = schedules >= JUDGED_FROM ? tooRare(result, worlds) : [];
  for (const { what, count } of rare)
    lines.push(`TOO RARE ${what}: ${count} times; the run proves nothing about it`);
  return { lines, passes: result.failures.length === 0 && rare.length === 0 };
}

function table(counts: Counts): string[] {
  return Object.entries(counts)
    .sort()
    .map(([what, count]) => `${String(count).padStart(9)}  ${what}`);
}
