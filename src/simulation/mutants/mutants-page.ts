import type { Catch } from './hunt.ts';
import type { Mutant } from './mutant.ts';

export interface Tried {
  readonly mutant: Mutant;
  readonly caught: Catch | null;
}

/** docs/mutants.md, from what a run over all mutants found. */
export function mutantsPage(tried: readonly Tried[]): string {
  const caught = tried.filter((each) => each.caught !== null);
  const equivalent = tried.filter(({ mutant }) => mutant.equivalent !== undefined);
  const survived = tried.length - caught.length - equivalent.length;
  return [
    '# Mutants',
    '',
    '<!-- Written by `npm run simulate -- --mutants`: change src/simulation/mutants and run it again. -->',
    '',
    'A rule that nothing misses may as well go, and a checker that misses nothing proves nothing. So each rule of the protocol is taken out or bent, one at a time, by a patch on a copy of the source, and the simulator looks for a schedule in which a promise breaks. A seed counts only when it passes with the rule in place.',
    '',
    '    npm run simulate -- --mutants              all of them, and this page',
    '    npm run simulate -- --mutants lease yield  those whose names contain a word',
    '',
    `${tried.length} mutants: ${caught.length} caught, ${equivalent.length} proven equivalent, ${survived} survived. A mutant may take 10,000 schedules. *World* is where it is hunted (\`src/simulation/mutants/mutant.ts\` says which faults are drawn there); where it says *scenarios*, what a scenario of \`test/scenario\` expects was not kept.`,
    '',
    '| taken out or bent | rule | caught by | schedules | world, seed |',
    '|---|---|---|---:|---|',
    ...tried.map(row),
    ...equivalent.map(({ mutant }) => `\n**${mutant.rule}**: ${mutant.equivalent}`),
    '',
  ].join('\n');
}

function row({ mutant, caught }: Tried): string {
  const { rule, of } = mutant;
  if (caught === null) {
    return `| ${rule} | ${of} | ${mutant.equivalent === undefined ? '**survived**' : 'equivalent, see below'} | | |`;
  }
  const where = caught.seed > 0 ? `${caught.ground}, ${caught.seed}` : caught.ground;
  return `| ${rule} | ${of} | ${caught.rule} | ${caught.schedules} | ${where} |`;
}
