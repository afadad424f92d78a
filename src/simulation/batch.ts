import { takeBranchCounts } from './branch-counter.ts';
import type { CoreUnderTest } from './core-under-test.ts';
import { addCounts, type Counts, Coverage } from './coverage.ts';
import { drawPlan, type PlanWishes } from './plan.ts';
import { runPlan } from './run-plan.ts';

export interface BatchOrder {
  /** Seed after seed takes the next of these, by its number. */
  readonly worlds: readonly PlanWishes[];
  readonly firstSeed: number;
  readonly schedules: number;
}

export interface Failure {
  readonly seed: number;
  readonly rule: string;
  readonly what: string;
}

/** Sums over schedules; `dense` leaves the sparse ones out, as speed does. */
export interface BatchResult {
  readonly schedules: number;
  readonly steps: number;
  readonly virtualMs: number;
  readonly servedMs: number;
  readonly totalMs: number;
  readonly denseSchedules: number;
  readonly denseVirtualMs: number;
  /** Of one core: on a machine that others use too, time on the wall says nothing. */
  readonly denseMs: number;
  readonly slowestRecoveryMs: number;
  readonly slowestRecoverySeed: number;
  readonly counts: Counts;
  /** Of the rules, in the core; {} where they were not counted. */
  readonly branches: Counts;
  readonly failures: readonly Failure[];
}

export const worldOf = (worlds: readonly PlanWishes[], seed: number): PlanWishes =>
  worlds[seed % worlds.length] as PlanWishes;

/** Runs seeds one after the other and adds up what came out. */
export function runBatch(order: BatchOrder, core: CoreUnderTest): BatchResult {
  let sum = NOTHING;
  for (let i = 0; i < order.schedules; i++) {
    const seed = order.firstSeed + i;
    sum = addResults(sum, runOne(seed, worldOf(order.worlds, seed), core));
  }
  return { ...sum, branches: takeBranchCounts() };
}

function runOne(seed: number, wishes: PlanWishes, core: CoreUnderTest): BatchResult {
  const coverage = new Coverage();
  const plan = drawPlan(seed, wishes);
  const startedMs = cpuMs();
  const { violation, recoveryMs, ...outcome } = runPlan(plan, core, [coverage]);
  const dense = !plan.sparse;
  return {
    ...NOTHING,
    ...outcome,
    schedules: 1,
    denseSchedules: dense ? 1 : 0,
    denseVirtualMs: dense ? outcome.virtualMs : 0,
    denseMs: dense ? cpuMs() - startedMs : 0,
    slowestRecoveryMs: recoveryMs,
    slowestRecoverySeed: seed,
    counts: addCounts(coverage.counts, {
      'schedule sparse': plan.sparse ? 1 : 0,
      'schedule with mixed versions': plan.terrain.olderShare > 0 ? 1 : 0,
    }),
    failures: violation === null ? [] : [{ seed, rule: violation.rule, what: violation.what }],
  };
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

export const NOTHING: BatchResult = {
  schedules: 0,
  steps: 0,
  virtualMs: 0,
  servedMs: 0,
  totalMs: 0,
  denseSchedules: 0,
  denseVirtualMs: 0,
  denseMs: 0,
  slowestRecoveryMs: 0,
  slowestRecoverySeed: 0,
  counts: {},
  branches: {},
  failures: [],
};

export function addResults(left: BatchResult, right: BatchResult): BatchResult {
  const slower = isSlower(right, left) ? right : left;
  return {
    schedules: left.schedules + right.schedules,
    steps: left.steps + right.steps,
    virtualMs: left.virtualMs + right.virtualMs,
    servedMs: left.servedMs + right.servedMs,
    totalMs: left.totalMs + right.totalMs,
    denseSchedules: left.denseSchedules + right.denseSchedules,
    denseVirtualMs: left.denseVirtualMs + right.denseVirtualMs,
    denseMs: left.denseMs + right.denseMs,
    slowestRecoveryMs: slower.slowestRecoveryMs,
    slowestRecoverySeed: slower.slowestRecoverySeed,
    counts: addCounts(left.counts, right.counts),
    branches: addCounts(left.branches, right.branches),
    failures: [...left.failures, ...right.failures],
  };
}

/** Of two equally slow ones the lower seed, in whatever order they come. */
const isSlower = (one: BatchResult, other: BatchResult): boolean =>
  one.slowestRecoveryMs > other.slowestRecoveryMs ||
  (one.slowestRecoveryMs === other.slowestRecoveryMs && one.slowestRecoverySeed < other.slowestRecoverySeed);
