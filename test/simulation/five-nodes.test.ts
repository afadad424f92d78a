import { expect, it } from 'vitest';
import { drawPlan, type PlanWishes } from '../../src/simulation/plan.ts';
import { realCore } from '../../src/simulation/real-core.ts';
import { runPlan } from '../../src/simulation/run-plan.ts';

const FIVE: readonly PlanWishes[] = [
  { profile: 'default', kind: 'address', nodes: 5 },
  { profile: 'default', kind: 'exclusive', nodes: 5 },
];
/** None of them sparse; a long run with `--nodes 5` does more. */
const SEEDS = Array.from({ length: 20 }, (_, index) => 9_001 + index);

it.each(FIVE)('five nodes keep every promise: $kind', (world) => {
  const broken = SEEDS.map((seed) => ({
    seed,
    violation: runPlan(drawPlan(seed, world), realCore).violation,
  }));
  expect(broken.filter(({ violation }) => violation !== null)).toEqual([]);
});
