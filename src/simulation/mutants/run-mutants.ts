import { CONDUCT_MUTANTS } from './conduct-mutants.ts';
import { ELECTION_MUTANTS } from './election-mutants.ts';
import { hunt } from './hunt.ts';
import { MEMBERSHIP_MUTANTS } from './membership-mutants.ts';
import type { Mutant } from './mutant.ts';
import { mutantsPage, type Tried } from './mutants-page.ts';
import { RETURN_MUTANTS } from './return-mutants.ts';
import { SESSION_MUTANTS } from './session-mutants.ts';

export const ALL_MUTANTS: readonly Mutant[] = [
  ...ELECTION_MUTANTS,
  ...CONDUCT_MUTANTS,
  ...RETURN_MUTANTS,
  ...SESSION_MUTANTS,
  ...MEMBERSHIP_MUTANTS,
];

/**
 * Takes one rule after the other out and hunts for what breaks; prints a line each as it is known. When all were
 * hunted, `publish` gets the page for the documentation. Returns the exit code: 1 when a mutant survived that is
 * not proven equivalent.
 */
export function runMutants(
  words: readonly string[],
  print: (line: string) => void,
  publish: (page: string) => void,
): number {
  const wanted = ALL_MUTANTS.filter(
    ({ rule }) => words.length === 0 || words.some((word) => rule.includes(word)),
  );
  const tried: Tried[] = [];
  for (const mutant of wanted) {
    const caught = mutant.equivalent === undefined ? hunt(mutant) : null;
    tried.push({ mutant, caught });
    print(verdict({ mutant, caught }));
  }
  const survivors = tried.filter(({ mutant, caught }) => caught === null && mutant.equivalent === undefined);
  print(`${wanted.length} mutants, ${survivors.length} survived`);
  if (words.length === 0) publish(mutantsPage(tried));
  return survivors.length === 0 ? 0 : 1;
}

function verdict({ mutant, caught }: Tried): string {
  if (caught !== null) {
    const { schedules, rule, ground, seed, what } = caught;
    return `caught after ${schedules} by ${rule} (${ground}, seed ${seed}): ${mutant.rule}\n  ${what}`;
  }
  return `${mutant.equivalent === undefined ? 'SURVIVED' : 'equivalent'}: ${mutant.rule}`;
}
