import { FAULTS } from '../test/netns/faults/catalogue.ts';
import { describeExpectation, type Fault, type FaultRun } from '../test/netns/faults/fault.ts';
import { NOT_YET, SIMULATOR_ONLY } from '../test/netns/faults/not-covered.ts';

const HEAD = `# Faults

<!-- Made by scripts/faults.ts (npm run faults) from runs on one machine: do not edit. -->

The fault catalogue of [protocol.md](protocol.md), done to real daemons with real nginx: each node is a network
namespace, EC2 and SSM are LocalStack behind a proxy that delays, fails, hangs and cuts calls (600 ms for a move, 150
for a description, 100 for the rest), and a client outside asks the Elastic IP every 20 ms with a new connection each
time. "Gap" is the longest time without a good answer in a run, the client's own 20 ms included; "lost" are requests
that got no good answer within a second. The group is an \`address\` group with the default timings unless a remark says
otherwise. These runs judge outcomes on a machine that does other things as well; \`npm run bench\` measures speed.

| | Fault | Expected | As expected | Gap, median (ms) | Gap, worst (ms) | Moves | Lost, worst | Counted |
|---|---|---|---|---|---|---|---|---|
`;

/** The row of a fault, one line. */
export function rowOf(fault: Fault, runs: readonly FaultRun[]): string {
  const gaps = runs.map(({ longestGapMs }) => longestGapMs).sort((a, b) => a - b);
  const good = runs.filter(({ violations }) => violations.length === 0).length;
  const failure = runs.flatMap(({ violations }) => violations)[0];
  const cells = [
    fault.number,
    fault.name,
    describeExpectation(fault.expected),
    `${good} of ${runs.length}${failure === undefined ? '' : ` (${failure})`}`,
    Math.round(medianOf(gaps)),
    Math.round(gaps.at(-1) ?? 0),
    rangeOf(runs.map(({ moves }) => moves)),
    Math.max(...runs.map(({ lost }) => lost)),
    countedIn(runs),
  ];
  return `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
}

/** The rows of an earlier document, by the number of their fault. */
export function readRows(document: string): Map<string, string> {
  const known = new Set(FAULTS.map(({ number }) => number));
  const rows = new Map<string, string>();
  for (const line of document.split('\n')) {
    const number = /^\| ([^|]+) \|/.exec(line)?.[1]?.trim();
    if (number !== undefined && known.has(number)) rows.set(number, line);
  }
  return rows;
}

export function faultsDocument(rows: ReadonlyMap<string, string>): string {
  const lines = FAULTS.flatMap(({ number }) => rows.get(number) ?? []);
  const remarks = FAULTS.filter(({ remark }) => remark !== undefined).map(
    ({ number, remark }) => `- ${number}: ${remark}.`,
  );
  const notYet = NOT_YET.map(({ number, name, why }) => `- ${number}, ${name}: ${why}.`);
  return `${HEAD}${lines.join('\n')}

## How these runs differ from the catalogue
${remarks.join('\n')}

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
  return names.map((name) => `${name}: ${rangeOf(runs.map(({ counted }) => counted[name] ?? 0))}`).join(', ');
}
