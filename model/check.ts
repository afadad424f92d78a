/**
 * `npm run model`: searches every configuration in full, shows that each mutant is found, and that the model
 * accepts what the simulated core does. Exits 1 on a violation, 77 when spin or gcc are missing.
 */
import { acceptSample, SAMPLES } from './accept.ts';
import { CONFIGURATIONS, type Configuration, MUTANTS } from './configurations.ts';
import { LIMITS, type Verdict, verify, whatIsMissing } from './spin.ts';

/** The machine this is meant for has two cores. */
const AT_ONCE = 2;

const missing = await whatIsMissing();
if (missing.length > 0) {
  console.log(`The model was not checked: install ${missing.join(' and ')} first.`);
  process.exitCode = 77;
} else {
  const sound = await checkConfigurations();
  const caught = await checkMutants();
  const accepted = await checkAcceptance();
  process.exitCode = sound && caught && accepted ? 0 : 1;
}

async function checkConfigurations(): Promise<boolean> {
  console.log(row('configuration', 'states', 'depth', 'seconds', 'result'));
  let sound = true;
  await inTurn(CONFIGURATIONS, (configuration, verdict) => {
    console.log(rowOf(configuration.name, verdict, verdict.result));
    if (verdict.result === 'holds') return;
    sound = false;
    console.log(verdict.trail);
  });
  return sound;
}

async function checkMutants(): Promise<boolean> {
  console.log(`\n${row('mutant', 'states', 'depth', 'seconds', 'found by')}`);
  let caught = true;
  await inTurn(MUTANTS, (mutant, verdict) => {
    const broken = /broken: (.*)/.exec(verdict.trail)?.[1] ?? '';
    console.log(rowOf(mutant.rule, verdict, verdict.result === 'broken' ? broken : 'NOT FOUND'));
    if (verdict.result !== 'broken') caught = false;
  });
  return caught;
}

async function checkAcceptance(): Promise<boolean> {
  console.log('\nsimulated runs that the model accepts');
  let accepted = true;
  for (const sample of SAMPLES) {
    const startedMs = performance.now();
    const { runs, records, rejected } = await acceptSample(sample);
    const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
    const what = `${sample.nodes} nodes, ${sample.kind}`;
    console.log(`${what.padEnd(58)}${runs - rejected.length} of ${runs}, ${records} records, ${seconds} s`);
    for (const { seed, records: told } of rejected) {
      accepted = false;
      console.log(`    seed ${seed}, refused at its last record: ${told.join(' | ')}`);
    }
  }
  return accepted;
}

/** A few at a time, told in the order of the list. */
async function inTurn<Item extends Configuration>(
  items: readonly Item[],
  tell: (item: Item, verdict: Verdict) => void,
): Promise<void> {
  const running: Promise<Verdict>[] = [];
  for (const [index, item] of items.entries()) {
    const before = running[index - AT_ONCE] ?? Promise.resolve();
    running.push(before.then(() => verify(item, LIMITS)));
  }
  for (const [index, item] of items.entries()) tell(item, await (running[index] as Promise<Verdict>));
}

function rowOf(name: string, { states, depth, ms }: Verdict, result: string): string {
  return row(name, states.toLocaleString('en'), String(depth), (ms / 1_000).toFixed(1), result);
}

function row(name: string, states: string, depth: string, seconds: string, result: string): string {
  return `${name.padEnd(58)}${states.padStart(11)}${depth.padStart(7)}${seconds.padStart(9)}  ${result}`;
}
