import { CONDUCT_MUTANTS } from './conduct-mutants.ts';
import { ELECTION_MUTANTS } from './election-mutants.ts';
import { type Catch, hunt } from './hunt.ts';
import type { Mutant } from './mutant.ts';
import { SESSION_MUTANTS } from './session-mutants.ts';

export const ALL_MUTANTS: readonly Mutant[] = [...ELECTION_MUTANTS, ...CONDUCT_MUTANTS, ...SESSION_MUTANTS];

/**
 * Takes one rule after the other out and hunts for what breaks; prints a line each as it is known, then the
 * table for the documentation. Returns the exit code: 1 when a mutant survived that is not proven equivalent.
 */
export function runMutants(words: readonly string[], print: (line: string) => void): number {
  const wanted = ALL_MUTANTS.filter(
    ({ rule }) => words.length === 0 || words.some((word) => rule.includes(word)),
  );
  let survivors = 0;
  const rows: string[] = [];
  for (const mutant of wanted) {
    const caught = mutant.equivalent === undefined ? hunt(mutant) : null;
    if (caught === null && mutant.equivalent === undefined) survivors++;
    print(`${verdict(mutant, caught)}: ${mutant.rule}`);
    rows.push(row(mutant, caught));
  }
  print(
    ['', '| rule taken out | schedules | caught by | world, seed |', '|---|---|---|---|', ...rows].join('\n'),
  );
  print(`\n${wanted.length} mutants, ${survivors} survived`);
  return survivors === 0 ? 0 : 1;
}

function verdict(mutant: Mutant, caught: Catch | null): string {
  if (caught !== null) return `caught after ${caught.schedules} by ${caught.rule}`;
  return mutant.equivalent === undefined ? 'SURVIVED' : 'equivalent';
}

function row(mutant: Mutant, caught: Catch | null): string {
  if (caught === null) return `| ${mutant.rule} | – | ${mutant.equivalent ?? '**survived**'} | |`;
  return `| ${mutant.rule} | ${caught.schedules} | ${caught.rule} | ${caught.ground}${caught.seed > 0 ? `, ${caught.seed}` : ''} |`;
}
