import { type FalseTakeovers, takeoversByLoss, takeoversByPauses } from './false-takeovers.ts';
import { realCore } from './real-core.ts';

/** The table for the documentation, line by line. */
export function printFalseTakeovers(print: (line: string) => void): void {
  const cell = ({ takeovers, terms }: FalseTakeovers): string => `${takeovers} (${terms})`;
  print('| profile | 1,000 pauses under d/2 | an hour at 10 % loss | an hour at 40 % loss |');
  print('|---|---|---|---|');
  for (const name of ['default', 'fast', 'turbo'] as const) {
    const pauses = cell(takeoversByPauses(name, realCore));
    const [some, much] = [0.1, 0.4].map((loss) => cell(takeoversByLoss(name, loss, realCore)));
    print(`| ${name} | ${pauses} | ${some} | ${much} |`);
  }
}
