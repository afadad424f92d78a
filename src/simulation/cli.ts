import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { worldOf } from './batch.ts';
import { explainPlan } from './explain-plan.ts';
import { failureReport, transcript } from './failure-report.ts';
import { FAULT_CLASSES, type FaultClass } from './fault.ts';
import { runMutants } from './mutants/run-mutants.ts';
import { drawPlan, type PlanWishes } from './plan.ts';
import { printFalseTakeovers } from './print-false-takeovers.ts';
import type { ProfileName } from './profiles.ts';
import { realCore } from './real-core.ts';
import { simulate } from './simulate.ts';
import { summary } from './summary.ts';
import { WORLDS } from './worlds.ts';

const USAGE = `npm run simulate -- [--schedules N] [--seed S] [--workers n] [--failures n] [--state FILE]
  [--profile default|fast|turbo|classic] [--nodes 2|3] [--kind address|exclusive] [--only class,class]
  [--explain]
npm run simulate -- --mutants [word …]
npm run simulate -- --false-takeovers

Without --profile, --nodes and --kind, many schedules go through all worlds in turn. With --schedules 1, which
is the default, the timeline of the seed is printed; with --explain instead why leaderships changed, in the
sentences of "eipkeeper explain". --state makes a long run resumable. A run of 200000 or more also fails for a fault,
an outcome or a branch of a rule that occurred fewer than 20 times.
--mutants takes one rule of the protocol after the other out of a copy of the source: each must be caught. All of
them, and docs/mutants.md is written; with words, only those whose names contain one.
--false-takeovers counts how often a living leader is replaced, and (terms), under pauses and loss.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    schedules: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    profile: { type: 'string' },
    nodes: { type: 'string' },
    kind: { type: 'string' },
    workers: { type: 'string', default: String(Math.max(1, cpus().length - 1)) },
    only: { type: 'string' },
    failures: { type: 'string', default: '5' },
    state: { type: 'string' },
    explain: { type: 'boolean', default: false },
    mutants: { type: 'boolean', default: false },
    'false-takeovers': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) console.log(USAGE);
else if (values.explain) explainSeed();
else if (values['false-takeovers']) printFalseTakeovers((line) => console.log(line));
else if (values.mutants) process.exitCode = runMutants(positionals, (line) => console.log(line), publish);
else process.exitCode = wholeNumber('schedules') === 1 ? replay() : await runMany();

function wholeNumber(option: 'schedules' | 'seed' | 'workers' | 'failures'): number {
  const number = Number(values[option]);
  if (Number.isSafeInteger(number) && number >= 1) return number;
  throw new Error(`--${option} ${values[option]}: must be a whole number from 1 on. Nothing was run.`);
}

function readWorlds(): readonly PlanWishes[] {
  const names = values.only?.split(',') ?? [];
  const unknown = names.find((name) => !(FAULT_CLASSES as readonly string[]).includes(name));
  if (unknown !== undefined)
    throw new Error(`no fault class ${unknown}; there are ${FAULT_CLASSES.join(', ')}`);
  const only = names.length > 0 ? { only: new Set(names as FaultClass[]) } : {};
  if (values.profile === undefined && values.nodes === undefined && values.kind === undefined) {
    return WORLDS.map((world) => ({ ...world, ...only }));
  }
  return [
    {
      profile: (values.profile ?? 'default') as ProfileName,
      kind: values.kind === 'exclusive' ? 'exclusive' : 'address',
      nodes: Number(values.nodes ?? 2),
      ...only,
    },
  ];
}

function publish(page: string): void {
  writeFileSync(new URL('../../docs/mutants.md', import.meta.url), page);
}

function explainSeed(): void {
  // Midnight UTC is the beginning of the schedule.
  process.env.TZ = 'UTC';
  const seed = wholeNumber('seed');
  console.log(explainPlan(drawPlan(seed, worldOf(readWorlds(), seed)), realCore));
}

/** One seed in full: its timeline, or the shrunk one when it fails. */
function replay(): number {
  const seed = wholeNumber('seed');
  const wishes = worldOf(readWorlds(), seed);
  const plan = drawPlan(seed, wishes);
  const { text, outcome } = transcript(plan, realCore, true);
  if (outcome.violation !== null) {
    console.log(failureReport(plan, wishes, realCore));
    return 1;
  }
  console.log(text);
  console.log(`seed ${seed}: no promise broken, all well ${outcome.recoveryMs} ms after healing`);
  return 0;
}

async function runMany(): Promise<number> {
  const worlds = readWorlds();
  const schedules = wholeNumber('schedules');
  const startedMs = performance.now();
  const result = await simulate({
    worlds,
    firstSeed: wholeNumber('seed'),
    schedules,
    workers: wholeNumber('workers'),
    failuresMost: wholeNumber('failures'),
    stateFile: values.state ?? null,
    onProgress: (done) => {
      if (process.stderr.isTTY) console.error(`${done} of ${schedules}`);
    },
  });
  const { lines, passes } = summary(result, worlds, (performance.now() - startedMs) / 1_000);
  for (const line of lines) console.log(line);
  const first = result.failures[0];
  if (first !== undefined) {
    const wishes = worldOf(worlds, first.seed);
    console.log(failureReport(drawPlan(first.seed, wishes), wishes, realCore));
  }
  return passes ? 0 : 1;
}
