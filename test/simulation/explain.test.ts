import { expect, it } from 'vitest';
import { FREE } from '../../src/simulation/address-model.ts';
import { explainPlan } from '../../src/simulation/explain-plan.ts';
import type { Fault } from '../../src/simulation/fault.ts';
import { drawPlan } from '../../src/simulation/plan.ts';
import { realCore } from '../../src/simulation/real-core.ts';

const NEW = { holder: FREE, running: [false, false], record: null };

it('says why the leadership changed in a schedule, in the sentences of the daemon', () => {
  const plan = drawPlan(1, { profile: 'default', kind: 'address', nodes: 2 });
  const fault: Fault = {
    class: 'crash',
    atMs: 30_000,
    durationMs: 5_000,
    node: 0,
    other: 0,
    amount: 0,
    style: 0,
  };
  const terrain = { ...plan.terrain, startsMs: [0, 0], past: plan.terrain.past.map(() => NEW) };
  const text = explainPlan({ ...plan, terrain, faults: [fault] }, realCore);
  expect(text).toMatch(/aux leads web after main since .*, term 2: the leader before fell silent\./);
  expect(text).toMatch(/aux had heard nothing from main for 1,0\d\d ms/);
  expect(text).toMatch(/aux created term 2 at the witness in \d+ ms\./);
});
