import { suggest } from '../config/suggestion.ts';
import { DIRECTIVES } from './directives.ts';
import { ImportError, type ImportProblem, type Place } from './import-error.ts';
import type { TextFile } from './text-file.ts';

/** One directive of ha.cf as it was written. */
export interface HaCfLine {
  readonly place: Place;
  readonly directive: string;
  readonly values: readonly string[];
  /** The directive and its values, one blank between them: for comments and messages. */
  readonly text: string;
}

const DELIMITERS = /[, \t\f\v]+/;

/**
 * The lines of ha.cf, in their order, which matters. A comment begins at any "#". Throws ImportError with every
 * line that names no directive of Heartbeat 3.0.6, lacks its value, or contradicts another.
 */
export function parseHaCf({ name, lines }: TextFile): readonly HaCfLine[] {
  const problems: ImportProblem[] = [];
  const parsed = lines.flatMap((line, index) => {
    const [directive, ...values] = line
      .replace(/#.*/, '')
      .split(DELIMITERS)
      .filter((word) => word !== '');
    if (directive === undefined) return [];
    const place = { file: name, line: index + 1 };
    const found = { place, directive, values, text: shown(directive, values) };
    const message = problemOf(found);
    if (message === null) return [found];
    problems.push({ place, message });
    return [];
  });
  problems.push(...contradictions(parsed));
  if (problems.length > 0)
    throw new ImportError(problems.sort((a, b) => (a.place.line ?? 0) - (b.place.line ?? 0)));
  return parsed;
}

/** These may end in a password, which must get into no comment and no message. */
function shown(directive: string, values: readonly string[]): string {
  if (directive !== 'stonith' && directive !== 'stonith_host') return [directive, ...values].join(' ');
  return [directive, ...values.slice(0, 2), ...(values.length > 2 ? ['…'] : [])].join(' ');
}

function problemOf({ directive, values, text }: HaCfLine): string | null {
  const known = directiveNamed(directive);
  if (known === null) {
    const near = suggest(directive, Object.keys(DIRECTIVES));
    return `${quoted(directive)} is no directive of Heartbeat${near === null ? '' : `; did you mean ${near}?`}`;
  }
  if (/["']/.test(text))
    return `${directive} has a quote, which Heartbeat takes for part of the value: leave it out`;
  if (values.length === 0) return `${directive} has no value`;
  if (values.length > 1 && known.repeats !== true) {
    return `${directive} takes one value, and there are ${values.length}`;
  }
  return null;
}

/** The last of two would hold, and nobody who reads the file would know. */
function contradictions(lines: readonly HaCfLine[]): readonly ImportProblem[] {
  const first = new Map<string, HaCfLine>();
  return lines.flatMap((line) => {
    if (directiveNamed(line.directive)?.repeats === true) return [];
    const before = first.get(line.directive);
    if (before === undefined) {
      first.set(line.directive, line);
      return [];
    }
    if (before.text === line.text) return [];
    const message = `${quoted(line.text)} contradicts ${quoted(before.text)} in line ${before.place.line}: leave one of them`;
    return [{ place: line.place, message }];
  });
}

const directiveNamed = (name: string) =>
  Object.hasOwn(DIRECTIVES, name) ? (DIRECTIVES[name] ?? null) : null;

/** For messages: whatever is in the file, it fills no screen. */
export const quoted = (text: string): string =>
  JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);

const UNIT_MS: Readonly<Record<string, number>> = {
  '': 1_000,
  s: 1_000,
  sec: 1_000,
  ms: 1,
  msec: 1,
  us: 0.001,
  usec: 0.001,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  hr: 3_600_000,
};

/** Heartbeat's time: "2" and "1.7" are seconds, "1700ms" is what it says. In whole milliseconds; null: is none. */
export function parseHeartbeatTime(text: string): number | null {
  const match = /^(\d{1,9}(?:\.\d{0,6})?|\.\d{1,6})([a-z]*)$/i.exec(text);
  const unit = UNIT_MS[match?.[2]?.toLowerCase() ?? 'none'];
  if (match === null || unit === undefined) return null;
  const ms = Math.round(Number(match[1]) * unit);
  return ms > 0 ? ms : null;
}

/** Heartbeat's words for yes and no; null: neither. */
export function parseHeartbeatBoolean(text: string): boolean | null {
  const word = text.toLowerCase();
  if (['true', 'on', 'yes', 'y', '1'].includes(word)) return true;
  return ['false', 'off', 'no', 'n', '0'].includes(word) ? false : null;
}
