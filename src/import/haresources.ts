import { isIPv4 } from 'node:net';
import { quoted } from './ha-cf.ts';
import { ImportError, type ImportProblem, type Place } from './import-error.ts';
import type { TextFile } from './text-file.ts';

/** One resource as it was written: "IPaddr2::10.0.0.5/24/eth0", "10.0.0.5", "nginx", "Filesystem::/dev/sda1::/data". */
export interface WrittenResource {
  readonly place: Place;
  readonly text: string;
  /** The script, "IPaddr" for a bare address. */
  readonly script: string;
  readonly args: readonly string[];
}

/** One logical line: resources that move together, acquired from left to right. */
export interface WrittenGroup {
  readonly place: Place;
  /** In lower case, as Heartbeat compares names. */
  readonly node: string;
  readonly resources: readonly WrittenResource[];
}

const BLANKS = ' \t\f\v';

interface Word {
  text: string;
  readonly line: number;
}

/**
 * The groups of haresources. As in Heartbeat a comment is cut off before a backslash at the end of a line joins it
 * with the next, and nothing is put between the two. Throws ImportError with everything that is wrong.
 */
export function parseHaresources(file: TextFile): readonly WrittenGroup[] {
  const problems: ImportProblem[] = [];
  const groups = logicalLines(file, problems).map((words) => toGroup(file.name, words, problems));
  problems.push(...repeatedKeys(groups));
  if (problems.length > 0) throw new ImportError(problems);
  return groups;
}

function logicalLines({ name, lines }: TextFile, problems: ImportProblem[]): readonly (readonly Word[])[] {
  const logical: Word[][] = [];
  let words: Word[] = [];
  let isWithinWord = false;
  for (const [index, whole] of lines.entries()) {
    const line = index + 1;
    const place = { file: name, line };
    const text = whole.replace(/#.*/, '');
    const continues = text.endsWith('\\');
    if (!continues && /\\[ \t\f\v]+$/.test(text)) {
      problems.push({
        place,
        message: 'has a blank after its backslash, so Heartbeat does not continue the line: take it off',
      });
    }
    if (continues && line === lines.length) {
      problems.push({ place, message: 'ends in a backslash, and no line follows' });
    }
    for (const character of continues ? text.slice(0, -1) : text) {
      const last = words.at(-1);
      if (BLANKS.includes(character)) isWithinWord = false;
      else if (isWithinWord && last !== undefined) last.text += character;
      else {
        words.push({ text: character, line });
        isWithinWord = true;
      }
    }
    if (continues) continue;
    if (words.length > 0) logical.push(words);
    words = [];
    isWithinWord = false;
  }
  if (words.length > 0) logical.push(words);
  return logical;
}

function toGroup(file: string, words: readonly Word[], problems: ImportProblem[]): WrittenGroup {
  const [node, ...rest] = words;
  const place = { file, line: node?.line ?? null };
  if (rest.length === 0) {
    problems.push({
      place,
      message: `${quoted(node?.text ?? '')} stands alone: a line is a node and its resources`,
    });
  }
  const resources = rest.map((word) => toResource({ file, line: word.line }, word.text));
  for (const resource of resources) {
    const message = problemOf(resource);
    if (message !== null) problems.push({ place: resource.place, message });
  }
  for (const [index, { text, place: second }] of resources.entries()) {
    const first = resources.findIndex((other) => other.text === text);
    if (first < index) problems.push({ place: second, message: `${quoted(text)} is in this group twice` });
  }
  return { place, node: (node?.text ?? '').toLowerCase(), resources };
}

/** What looks like an address is one for IPaddr. */
function toResource(place: Place, text: string): WrittenResource {
  if (/^\d[^:]*\.\d[^:]*\.\d[^:]*\.\d/.test(text)) return { place, text, script: 'IPaddr', args: [text] };
  const [script = '', ...args] = text.split('::');
  return { place, text, script, args };
}

const SCRIPT_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.+@-]*$/;

function problemOf({ text, script, args }: WrittenResource): string | null {
  if (/["']/.test(text))
    return `${quoted(text)} has a quote, which Heartbeat takes for part of the name: leave it out`;
  if (text === '\\') return 'has a backslash in the middle of a line';
  if (!SCRIPT_NAME.test(script) || /^[\d.]+$/.test(script))
    return `${quoted(text)} is neither an address nor the name of a script`;
  if (args.some((arg) => arg === '')) return `${quoted(text)} has an empty argument`;
  const isAddress = script === 'IPaddr' || script === 'IPaddr2';
  if (isAddress && !isIPv4(addressOf(args[0]))) return `${quoted(text)} holds no IPv4 address`;
  if (isAddress && args.length > 1) return `${quoted(text)} has more than one argument`;
  return null;
}

/** "10.0.0.5/24/eth0/10.0.0.255" → "10.0.0.5". */
export const addressOf = (argument: string | undefined): string => argument?.split('/')[0] ?? '';

/** The first resource of a group is its name for Heartbeat, so two groups cannot begin alike. */
function repeatedKeys(groups: readonly WrittenGroup[]): readonly ImportProblem[] {
  const first = new Map<string, Place>();
  return groups.flatMap(({ resources }) => {
    const [key] = resources;
    if (key === undefined) return [];
    const before = first.get(key.text);
    if (before === undefined) {
      first.set(key.text, key.place);
      return [];
    }
    const message = `${quoted(key.text)} begins the group of line ${before.line} too: Heartbeat tells groups by their first resource, so begin with another`;
    return [{ place: key.place, message }];
  });
}
