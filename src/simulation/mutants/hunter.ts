/**
 * Runs inside a copy of the source with one rule taken out: seed after seed, or scenario after scenario, until
 * one breaks a promise, which is printed as JSON. Arguments: a hunting ground, the first seed, how many at most.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { drawPlan } from '../plan.ts';
import { realCore } from '../real-core.ts';
import { runPlan } from '../run-plan.ts';
import { parseScenario } from '../scenario/parse-scenario.ts';
import { runScenario } from '../scenario/run-scenario.ts';
import { HUNTING_GROUNDS, type HuntingGround, isSparse, type World } from './mutant.ts';

const SPARSE_EVERY = 50;
const SCENARIOS = new URL('../../../test/scenario/', import.meta.url);

const [ground, firstSeed, most] = process.argv.slice(2) as [HuntingGround, string, string];
if (ground === 'scenarios') huntInScenarios();
else huntInSeeds(ground);

function huntInSeeds(world: World): void {
  const stride = isSparse(world) ? SPARSE_EVERY : 1;
  for (let i = 0; i < Number(most); i++) {
    const seed = Number(firstSeed) + i * stride;
    if (stride === 1 && seed % SPARSE_EVERY === 0) continue;
    const { violation } = runPlan(drawPlan(seed, HUNTING_GROUNDS[world]), realCore);
    if (violation === null) continue;
    return print({ seed, rule: violation.rule, what: violation.what.split('\n')[0] ?? '', schedules: i + 1 });
  }
}

/** What a scenario expects, not the transcript of how it came about. */
function huntInScenarios(): void {
  for (const [index, file] of readdirSync(SCENARIOS).sort().entries()) {
    const { complaints } = runScenario(
      parseScenario(readFileSync(new URL(file, SCENARIOS), 'utf8')),
      realCore,
    );
    const what = complaints[0];
    if (what === undefined) continue;
    return print({ seed: 0, rule: `scenario ${file.replace('.txt', '')}`, what, schedules: index + 1 });
  }
}

function print(found: { seed: number; rule: string; what: string; schedules: number }): void {
  console.log(JSON.stringify(found));
}
