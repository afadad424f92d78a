import type { CoreUnderTest } from './core-under-test.ts';
import { describeFault } from './fault.ts';
import type { Plan, PlanWishes } from './plan.ts';
import { type Outcome, runPlan } from './run-plan.ts';
import { shrink } from './shrink.ts';
import { Timeline } from './timeline.ts';

/** The line that runs one seed again. */
export function replayCommand(seed: number, wishes: PlanWishes): string {
  const { profile, nodes, kind, only } = wishes;
  const part = only === undefined ? '' : ` --only ${[...only].join(',')}`;
  return `npm run simulate -- --seed ${seed} --profile ${profile} --nodes ${nodes} --kind ${kind}${part}`;
}

/** A plan's timeline as text, and what became of it. */
export function transcript(
  plan: Plan,
  core: CoreUnderTest,
  calls: boolean,
): { text: string; outcome: Outcome } {
  const timeline = new Timeline({ calls });
  const outcome = runPlan(plan, core, [timeline]);
  return { text: timeline.lines.join('\n'), outcome };
}

/** What a reader needs of a failing seed: the rule, the replay command, and the shrunk story. A resumed run may have one that was mended meanwhile. */
export function failureReport(plan: Plan, wishes: PlanWishes, core: CoreUnderTest): string {
  const small = shrink(plan, core);
  const { text, outcome } = transcript(small, core, true);
  const { violation } = outcome;
  if (violation === null) return `seed ${plan.seed} keeps every promise with the source as it is now`;
  const { groups, clockRates, startsMs } = plan.terrain;
  const group = groups[0];
  return [
    `seed ${plan.seed} broke ${violation.rule}: ${violation.what}`,
    `replay: ${replayCommand(plan.seed, wishes)}`,
    `terrain: ${groups.length} group(s), failback ${group?.failback.mode} after ${group?.failback.afterMs} ms, ` +
      `standby services ${group?.standbyServices}, clock rates ${clockRates.map((rate) => rate.toFixed(4)).join(' ')}, ` +
      `starts at ${startsMs.map((ms) => Math.round(ms)).join(' ')} ms`,
    `faults left of ${plan.faults.length}:`,
    ...small.faults.map((fault) => `  ${Math.round(fault.atMs)} ${describeFault(fault, plan.terrain.names)}`),
    text,
    `${String(Math.round(violation.atMs)).padStart(7)} !!!     ${violation.rule}: ${violation.what}`,
  ].join('\n');
}
