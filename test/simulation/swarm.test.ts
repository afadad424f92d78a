import { describe, expect, it } from 'vitest';
import { runBatch } from '../../src/simulation/batch.ts';
import { failureReport, replayCommand, transcript } from '../../src/simulation/failure-report.ts';
import { FAULT_CLASSES } from '../../src/simulation/fault.ts';
import { drawPlan, type PlanWishes } from '../../src/simulation/plan.ts';
import { realCore } from '../../src/simulation/real-core.ts';
import { runPlan } from '../../src/simulation/run-plan.ts';
import { shrink } from '../../src/simulation/shrink.ts';
import { boastfulCore, brittleCore, hastyCore, restlessCore } from './support/careless-core.ts';

const PAIR: PlanWishes = { profile: 'default', kind: 'address', nodes: 2 };

/** Few enough for every test run; `npm run simulate` is for many. */
const SCHEDULES = 150;

describe('the core in a world full of faults', () => {
  const worlds: PlanWishes[] = [
    PAIR,
    { ...PAIR, nodes: 3 },
    { ...PAIR, profile: 'fast' },
    { ...PAIR, profile: 'turbo' },
    { ...PAIR, kind: 'exclusive' },
    { ...PAIR, kind: 'exclusive', nodes: 3 },
  ];
  for (const wishes of worlds) {
    it(`keeps its promises: ${wishes.kind}, ${wishes.profile}, ${wishes.nodes} nodes`, () => {
      const { failures } = runBatch({ worlds: [wishes], firstSeed: 1, schedules: SCHEDULES }, realCore);
      const told = failures.map(({ seed, rule, what }) => `${rule}: ${what}\n${replayCommand(seed, wishes)}`);
      expect(told.slice(0, 3)).toEqual([]);
    });
  }

  it('meets every class of fault within a thousand seeds', () => {
    const met = new Set<string>();
    for (let seed = 1; seed <= 1_000; seed++) {
      for (const fault of drawPlan(seed, PAIR).faults) met.add(fault.class);
    }
    expect(FAULT_CLASSES.filter((name) => !met.has(name))).toEqual([]);
  });

  it('tells the same story for the same seed', () => {
    const plan = drawPlan(4, PAIR);
    expect(transcript(plan, realCore, true).text).toBe(transcript(plan, realCore, true).text);
  });
});

describe('the checkers', () => {
  const firstFailure = (core: typeof realCore, wishes = PAIR): string => {
    for (let seed = 1; seed <= 50; seed++) {
      const { violation } = runPlan(drawPlan(seed, wishes), core);
      if (violation !== null) return violation.rule;
    }
    return 'none';
  };

  it('notice two nodes with authority', () => expect(firstFailure(boastfulCore)).toBe('S2'));
  it('notice a service that is stopped under the address', () => expect(firstFailure(hastyCore)).toBe('S7'));
  it('notice a core that throws', () => expect(firstFailure(brittleCore)).toBe('core'));
  it('notice a core that never rests', () => expect(firstFailure(restlessCore)).toBe('core'));
});

describe('a failing seed', () => {
  const failing = Array.from({ length: 200 }, (_, seed) => drawPlan(seed, PAIR)).find(
    (plan) => plan.faults.length > 20 && runPlan(plan, hastyCore).violation !== null,
  );

  it('is shrunk to the faults that it needs', () => {
    expect(failing).toBeDefined();
    const small = shrink(failing!, hastyCore);
    expect(small.faults.length).toBeLessThan(5);
    expect(runPlan(small, hastyCore).violation).not.toBeNull();
  });

  it('is reported with its replay command and its story', () => {
    const report = failureReport(failing!, PAIR, hastyCore);
    expect(report).toContain(`npm run simulate -- --seed ${failing!.seed} --profile default`);
    expect(report).toContain('!!!');
  });
});
