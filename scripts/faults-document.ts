import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { FAULTS } from '../test/netns/faults/catalogue.ts';
import { describeExpectation, type Fault, type FaultRun } from '../test/netns/faults/fault.ts';
import type { MutantRun } from '../test/netns/faults/mutant-runs.ts';
import { NETNS_MUTANTS } from '../test/netns/faults/mutants.ts';
import { NOT_YET, SIMULATOR_ONLY } from '../test/netns/faults/not-covered.ts';

const DOCUMENT = fileURLToPath(new URL('../docs/faults.md', import.meta.url));

const HEAD = `# Faults

<!-- Made by scripts/faults.ts (npm run faults) from runs on one machine: do not edit. -->

The fault catalogue (\`test/netns/faults/catalogue.ts\`), done to real daemons with real nginx: each node is a network
namespace, EC2 and SSM are LocalStack behind a proxy that delays, fails, hangs and cuts calls (600 ms for a move, 150
for a description, 100 for the rest), and a client outside asks the Elastic IP every 20 ms with a new connection each
time. "Gap" is the longest time without a good answer in a run, the client's own 20 ms included; "lost" are requests
that got no good answer within a second. The group is an \`address\` group with the default timings unless a remark says
otherwise. These runs judge outcomes on a machine that does other things as well; \`npm run bench\` measures speed. A
run that fails while a process of it stood ready for half of a deadtime and got no CPU, or the API was as late, says
nothing about the program: it is begun again, three times at most, and the last column says so.

| | Fault | Expected | As expected | Gap, median (ms) | Gap, worst (ms) | Moves | Lost, worst | Counted |
|---|---|---|---|---|---|---|---|---|
`;

const MUTANTS = `## With a rule taken out
Would these faults notice? Real daemons whose rule was taken out of a copy of the source (the patches are those of
\`npm run simulate -- --mutants\`), each in one fault of the table above. Written by \`npm run faults -- --mutants\`.

| Rule taken out | Fault | What was seen | Caught |
|---|---|---|---|
`;

/** The rows of docs/faults.md. */
export interface FaultsDocument {
  /** By the number of the fault. */
  readonly faults: Map<string, string>;
  /** By the rule. */
  readonly mutants: Map<string, string>;
}

/** What earlier runs wrote; empty when there is nothing. */
export function readDocument(): FaultsDocument {
  let text = '';
  try {
    text = readFileSync(DOCUMENT, 'utf8');
  } catch {
    // It is about to be made.
  }
  return {
    faults: readRows(
      text,
      FAULTS.map(({ number }) => number),
    ),
    mutants: readRows(
      text,
      NETNS_MUTANTS.map(({ rule }) => rule),
    ),
  };
}

export const writeDocument = (document: FaultsDocument): void =>
  writeFileSync(DOCUMENT, faultsDocument(document));

/** The row of a mutant, one line. */
export function mutantRowOf({ mutant, fault, violations, caught }: MutantRun): string {
  const telling = violations.filter((violation) => mutant.betrayedBy.test(violation));
  const seen = (caught ? telling : violations).map(withoutCause).join('; ');
  return line([mutant.rule, `${fault.number} ${fault.name}`, seen || 'nothing', caught ? 'yes' : '**no**']);
}

/** The cause, in brackets at the end, may name folders of the machine. */
const withoutCause = (violation: string): string => violation.replace(/ \(.*\)$/s, '');

const line = (cells: readonly (string | number)[]): string =>
  `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;

/** The row of a fault, one line. */
export function rowOf(fault: Fault, runs: readonly FaultRun[]): string {
  const gaps = runs.map(({ longestGapMs }) => longestGapMs).sort((a, b) => a - b);
  const good = runs.filter(({ violations }) => violations.length === 0).length;
  const failure = runs.flatMap(({ violations }) => violations)[0];
  return line([
    fault.number,
    fault.name,
    describeExpectation(fault.expected),
    `${good} of ${runs.length}${failure === undefined ? '' : ` (${withoutCause(failure)})`}`,
    Math.round(medianOf(gaps)),
    Math.round(gaps.at(-1) ?? 0),
    rangeOf(runs.map(({ moves }) => moves)),
    Math.max(...runs.map(({ lost }) => lost)),
    countedIn(runs),
  ]);
}

/** The rows of an earlier document that begin with one of these. */
function readRows(document: string, known: readonly string[]): Map<string, string> {
  const rows = new Map<string, string>();
  for (const row of document.split('\n')) {
    const first = /^\| ([^|]+) \|/.exec(row)?.[1]?.trim();
    if (first !== undefined && known.includes(first)) rows.set(first, row);
  }
  return rows;
}

function faultsDocument({ faults, mutants }: FaultsDocument): string {
  const lines = FAULTS.flatMap(({ number }) => faults.get(number) ?? []);
  const mutantLines = NETNS_MUTANTS.flatMap(({ rule }) => mutants.get(rule) ?? []);
  const remarks = FAULTS.filter(({ remark }) => remark !== undefined).map(
    ({ number, remark }) => `- ${number}: ${remark}.`,
  );
  const notYet = NOT_YET.map(({ number, name, why }) => `- ${number}, ${name}: ${why}.`);
  return `${HEAD}${lines.join('\n')}

## How these runs differ from the catalogue
${remarks.join('\n')}

${MUTANTS}${mutantLines.join('\n')}

## Not yet
${notYet.join('\n')}

## In the simulator only
${SIMULATOR_ONLY.join(', ')}: what real processes cannot be brought to reliably. \`npm run simulate\` draws them by the
thousand.
`;
}

const medianOf = (sorted: readonly number[]): number => sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;

function rangeOf(numbers: readonly number[]): string {
  const least = Math.min(...numbers);
  const most = Math.max(...numbers);
  return least === most ? String(least) : `${least} to ${most}`;
}

function countedIn(runs: readonly FaultRun[]): string {
  const names = [...new Set(runs.flatMap(({ counted }) => Object.keys(counted)))];
  const figures = names.map((name) => `${name}: ${rangeOf(runs.map(({ counted }) => counted[name] ?? 0))}`);
  const repeated = runs.reduce((sum, run) => sum + run.repeated, 0);
  if (repeated > 0) figures.push(`begun again on a starved machine: ${repeated}`);
  return figures.join(', ');
}
