import { BRANCHES, type Branch } from './branches.ts';
import type { Counts } from './coverage.ts';

declare global {
  /** How often each of BRANCHES ran in this thread, once `count-branches.ts` has been loaded in it. */
  var branchCounts: number[] | undefined;
}

/** How often each branch of a rule ran since the last time; {} where the core carries no counters. */
export function takeBranchCounts(): Counts {
  const counts = globalThis.branchCounts ?? [];
  globalThis.branchCounts &&= BRANCHES.map(() => 0);
  return Object.fromEntries(counts.map((count, index) => [(BRANCHES[index] as Branch).id, count]));
}

/** The source of a file of the core with a counter at the place of each of its branches. Throws when a place is gone. */
export function withCounters(file: string, source: string): string {
  const places = BRANCHES.map((branch, index) => ({ branch, index }))
    .filter(({ branch }) => branch.file === file)
    .map(({ branch, index }) => ({
      offset: placeOf(branch, source),
      counter: `++globalThis.branchCounts[${index}]`,
    }));
  // From the end, so that each place stays where it was found.
  return places
    .toSorted((left, right) => right.offset - left.offset)
    .reduce((counted, { offset, counter }) => withCounter(counted, offset, counter), source);
}

function placeOf({ id, file, text }: Branch, source: string): number {
  const offset = source.indexOf(text);
  if (offset >= 0) return offset;
  throw new Error(`${file} no longer contains "${text}": say in branches.ts where ${id} is`);
}

/** What begins at the offset counts first. A counter that has counted is not 0, so that `&&` goes on. */
function withCounter(source: string, offset: number, counter: string): string {
  const before = source.slice(0, offset);
  const rest = source.slice(offset);
  const jump = /^(continue|return);/.exec(rest)?.[0];
  if (jump !== undefined) return `${before}{ ${counter}; ${jump} }${rest.slice(jump.length)}`;
  if (rest.startsWith('return ')) return `${before}return ${counter}, ${rest.slice('return '.length)}`;
  if (/^(const|if|for) /.test(rest)) {
    if (!/(\)|\belse)$/.test(withoutComments(before))) return `${before}${counter}; ${rest}`;
    throw new Error(
      `no counter can stand before "${firstOf(rest)}": the counter would be all that follows the condition. Name another place in branches.ts.`,
    );
  }
  if (/(=>|[=&|])\s*$/.test(before)) throw new Error(`no counter can stand before "${firstOf(rest)}"`);
  const isPartOfExpression = /[?:,(]\s*$/.test(before);
  return `${before}${counter}${isPartOfExpression ? ' &&' : ','} ${rest}`;
}

const firstOf = (source: string): string => source.slice(0, 40);

/** A comment at the end of a line begins after a blank: in a string, "//" mostly does not. */
const withoutComments = (source: string): string =>
  source.replace(/\/\*[\s\S]*?\*\/|(^|\s)\/\/.*$/gm, '').trimEnd();
