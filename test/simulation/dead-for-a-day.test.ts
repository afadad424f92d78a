import { expect, it } from 'vitest';
import { realCore } from '../../src/simulation/real-core.ts';
import { parseScenario } from '../../src/simulation/scenario/parse-scenario.ts';
import { runScenario } from '../../src/simulation/scenario/run-scenario.ts';

const DAY_S = 86_400;

// Too long for a transcript: leases of a minute, renewed for a day.
it('one of three nodes dead for a day: a takeover still takes deadtime', { timeout: 120_000 }, () => {
  const scenario = parseScenario(`# One of three has been off for a day, then the leader goes.
nodes main aux third
at 20s power-off third for ${DAY_S + 600}s
at ${DAY_S}s expect leader main
at ${DAY_S + 20}s power-off main for 60s
at ${DAY_S + 22}s expect leader aux
at ${DAY_S + 22}s expect address aux
at ${DAY_S + 900}s expect agreed
---
`);
  const { complaints, transcript } = runScenario(scenario, realCore);
  expect(complaints).toEqual([]);
  expect(transcript).toContain('aux     became-leader');
});
