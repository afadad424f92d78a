import { readFileSync } from 'node:fs';

const ROOT = new URL('../../../', import.meta.url);

/** What a page tells its reader to do. */
export type Step =
  | {
      readonly kind: 'command';
      readonly line: string;
      readonly where: Place;
      /** What the text right behind says one sees; '' where it says nothing. */
      readonly shows: string;
    }
  | { readonly kind: 'file'; readonly path: string; readonly text: string };

type Place = 'clone' | 'both' | 'one' | 'elsewhere';

/** By the remark behind the command. */
const PLACES: readonly (readonly [RegExp, Place])[] = [
  [/# in a clone/, 'clone'],
  [/# on one of them/, 'one'],
  [/# from somewhere else/, 'elsewhere'],
];

/** A page of this repository; only the section of that heading where one is given. Throws where there is none. */
export function pageText(page: string, heading = ''): string {
  const whole = readFileSync(new URL(page, ROOT), 'utf8');
  if (heading === '') return whole;
  const [, section] = whole.split(`\n## ${heading}\n`);
  if (section === undefined) throw new Error(`${page} has no section "${heading}"`);
  return section.split(/^## /m)[0] ?? '';
}

/** Blocks of shell and indented ones are commands, a line each; a block of YAML is a file. */
export function stepsOf(text: string): readonly Step[] {
  const blocks = text.matchAll(/^( *)```(sh|yaml)\n([\s\S]*?)^ *```$|((?:^ {4}\S.*\n)+)/gm);
  return [...blocks].flatMap(({ 0: block, 1: indent = '', 2: kind, 3: fenced, 4: indented = '', index }) => {
    const margin = fenced === undefined ? 4 : indent.length;
    const lines = (fenced ?? indented).split('\n').map((line) => line.slice(margin));
    if (kind === 'yaml') {
      return [{ kind: 'file', path: lastPath(text.slice(0, index)), text: lines.join('\n') }];
    }
    const [, shows = ''] = /^\s+shows `([^`]+)`/.exec(text.slice(index + block.length)) ?? [];
    return lines
      .filter((line) => line !== '')
      .map((line): Step => ({ kind: 'command', line, where: placeOf(line), shows }));
  });
}

const placeOf = (line: string): Place => PLACES.find(([remark]) => remark.test(line))?.[1] ?? 'both';

/** The file that was named last. */
function lastPath(text: string): string {
  const path = text.match(/`(\/[^`\s]+\.yaml)`/g)?.at(-1);
  if (path === undefined) throw new Error('nothing says which file the block of YAML is');
  return path.slice(1, -1);
}

/** The text with the values of a reader in place of those of the page. */
export const withOwnValues = (text: string, own: Readonly<Record<string, string>>): string =>
  Object.entries(own).reduce((all, [theirs, mine]) => all.replaceAll(theirs, mine), text);
