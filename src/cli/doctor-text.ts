import type { Finding } from '../doctor/check.ts';
import type { Report } from '../doctor/run-checks.ts';
import { printable } from './printable.ts';

const MARKS: Readonly<Record<Finding['verdict'], string>> = {
  ok: 'ok',
  warning: 'WARNING',
  failure: 'FAILURE',
};
const MARK_WIDTH = 9;
const NAME_WIDTH = 15;

/** The lines of one check; below what is not in order stands what to do. */
export function reportText({ check, findings }: Report): string {
  const lines = findings.map((finding) => {
    const head = `${MARKS[finding.verdict].padEnd(MARK_WIDTH)}${check.padEnd(NAME_WIDTH)}`;
    const text = indented(finding.text);
    return finding.verdict === 'ok'
      ? `${head}${text}\n`
      : `${head}${text}\n${' '.repeat(MARK_WIDTH + NAME_WIDTH)}→ ${indented(finding.advice)}\n`;
  });
  return printable(lines.join(''));
}

const indented = (text: string): string => text.replaceAll('\n', `\n${' '.repeat(MARK_WIDTH + NAME_WIDTH)}`);

/** The last line: how many of what, and the failure to mend first. */
export function summaryText(reports: readonly Report[]): string {
  const findings = reports.flatMap(({ check, findings: all }) => all.map((finding) => ({ check, finding })));
  const failures = findings.filter(({ finding }) => finding.verdict === 'failure');
  const warnings = findings.filter(({ finding }) => finding.verdict === 'warning').length;
  const counts = `${count(failures.length, 'failure')}, ${count(warnings, 'warning')}`;
  const [first] = failures;
  if (first === undefined) return `${counts}\n`;
  const { check, finding } = first;
  return printable(`${counts}; begin with ${check}: ${finding.text}`).replaceAll('\n', ' ').concat('\n');
}

const count = (number: number, noun: string): string =>
  `${number === 0 ? 'no' : number} ${noun}${number === 1 ? '' : 's'}`;

/** What `--output json` prints. */
export function doctorJson(reports: readonly Report[], exitCode: number): object {
  const findings = reports.flatMap(({ check, findings: all }) =>
    all.map((finding) => ({
      check,
      verdict: finding.verdict,
      text: finding.text,
      advice: finding.verdict === 'ok' ? '' : finding.advice,
    })),
  );
  return { version: 1, exitCode, findings };
}
