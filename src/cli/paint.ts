import type { CliIo } from './cli-io.ts';

const RED = 31;
const GREEN = 32;
const YELLOW = 33;
const BOLD = 1;

/** By their place in the line: the same words may stand in a reason, which somebody else wrote. */
const STYLES: readonly (readonly [RegExp, number])[] = [
  [/^(?:Cluster|Group) [^ ,]+/gm, BOLD],
  [/^OFFLINE: .*$/gm, RED],
  [/(?<=; witness )DOWN\b/g, RED],
  [/\bWITHOUT AUTHORITY\b/g, RED],
  [/(?<=\): )FAILED\b/g, RED],
  [/(?<=^ {2})ALARM\b/gm, RED],
  [/^FAILURE\b/gm, RED],
  [/(?<=^ {2}\S+ \S+: )dead(?=,)/gm, RED],
  [/(?<=^ {2}\S+ )could not lead(?=:)/gm, YELLOW],
  [/(?<=^ {2})IN MAINTENANCE\b/gm, YELLOW],
  [/^WARNING\b/gm, YELLOW],
  [/(?<=\): )Started\b/g, GREEN],
  [/(?<=^ {2}\S+ \S+: )up(?=,)/gm, GREEN],
];

/** With colours where they are seen: on a terminal, unless NO_COLOR is set. The words say all of it without. */
export function painted(io: Pick<CliIo, 'env' | 'terminal'>, text: string): string {
  if (io.terminal === null || io.env.NO_COLOR) return text;
  return STYLES.reduce(
    (done, [pattern, style]) => done.replace(pattern, (found) => `\u001b[${style}m${found}\u001b[0m`),
    text,
  );
}
