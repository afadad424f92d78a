import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { FAULT_CLASSES } from './fault.ts';
import type { PlanWishes } from './plan.ts';
import { PROFILE_NAMES } from './profiles.ts';
import { WORLDS } from './worlds.ts';

export interface SimulationArguments {
  readonly task: 'help' | 'explain' | 'false-takeovers' | 'mutants' | 'replay' | 'many';
  readonly seed: number;
  readonly schedules: number;
  readonly workers: number;
  readonly failuresMost: number;
  /** null: nothing is written down. */
  readonly stateFile: string | null;
  readonly worlds: readonly PlanWishes[];
  /** Parts of the names of mutants; none: all of them. */
  readonly mutants: readonly string[];
}

export const USAGE = `npm run simulate -- [--schedules N] [--seed S] [--workers n] [--failures n] [--state FILE]
  [--profile default|fast|turbo|classic] [--nodes 2|3|4|5] [--kind address|exclusive] [--only class,class]
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

const OPTIONS = {
  schedules: { type: 'string', default: '1' },
  seed: { type: 'string', default: '1' },
  profile: { type: 'string' },
  nodes: { type: 'string' },
  kind: { type: 'string' },
  workers: { type: 'string' },
  only: { type: 'string' },
  failures: { type: 'string', default: '5' },
  state: { type: 'string' },
  explain: { type: 'boolean', default: false },
  mutants: { type: 'boolean', default: false },
  'false-takeovers': { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

const parse = (words: readonly string[]) =>
  parseArgs({ args: [...words], allowPositionals: true, options: OPTIONS });
type Typed = ReturnType<typeof parse>['values'];

/** Throws an Error with a sentence for whoever typed it. */
export function simulationArguments(words: readonly string[]): SimulationArguments {
  const { values, positionals } = parse(words);
  if (!values.mutants && positionals.length > 0) {
    throw new Error(`nothing is known of "${positionals.join(' ')}": words are for --mutants`);
  }
  const schedules = wholeNumber('schedules', values.schedules);
  return {
    task: taskOf(values, schedules),
    seed: wholeNumber('seed', values.seed),
    schedules,
    workers: values.workers === undefined ? workersHere() : wholeNumber('workers', values.workers),
    failuresMost: wholeNumber('failures', values.failures),
    stateFile: values.state ?? null,
    worlds: worldsOf(values),
    mutants: positionals,
  };
}

function taskOf(values: Typed, schedules: number): SimulationArguments['task'] {
  if (values.help) return 'help';
  if (values.explain) return 'explain';
  if (values['false-takeovers']) return 'false-takeovers';
  if (values.mutants) return 'mutants';
  return schedules === 1 ? 'replay' : 'many';
}

const workersHere = (): number => Math.max(1, cpus().length - 1);

function worldsOf({ profile, kind, nodes, only: classes }: Typed): readonly PlanWishes[] {
  const names = classes?.split(',').map((name) => oneOf(FAULT_CLASSES, 'only', name));
  const only = names === undefined ? {} : { only: new Set(names) };
  if (profile === undefined && nodes === undefined && kind === undefined) {
    return WORLDS.map((world) => ({ ...world, ...only }));
  }
  return [
    {
      profile: oneOf(PROFILE_NAMES, 'profile', profile ?? 'default'),
      kind: oneOf(['address', 'exclusive'], 'kind', kind ?? 'address'),
      nodes: Number(oneOf(['2', '3', '4', '5'], 'nodes', nodes ?? '2')),
      ...only,
    },
  ];
}

function wholeNumber(option: string, typed: string): number {
  const number = Number(typed);
  if (Number.isSafeInteger(number) && number >= 1) return number;
  throw new Error(`--${option} ${typed}: must be a whole number from 1 on`);
}

function oneOf<const T extends string>(known: readonly T[], option: string, typed: string): T {
  const found = known.find((name) => name === typed);
  if (found !== undefined) return found;
  throw new Error(`--${option} ${typed}: must be one of ${known.join(', ')}`);
}
