export interface Row {
  readonly figure: string;
  readonly measured: string;
  /** '' where there is none. */
  readonly aim: string;
  /** null: nothing to judge by. */
  readonly within: boolean | null;
  /** What it compares with. */
  readonly beside: string;
}

const HEADINGS = ['figure', 'measured', 'aim', '', 'beside'] as const;

/** A Markdown table with columns that line up in a terminal as well. */
export function formatTable(rows: readonly Row[]): string {
  const cells = [HEADINGS, ...rows.map(cellsOf)];
  const widths = HEADINGS.map((_, column) => Math.max(3, ...cells.map((row) => row[column]!.length)));
  const lines = cells.map(
    (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`,
  );
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return [lines[0], rule, ...lines.slice(1)].join('\n');
}

function cellsOf({ figure, measured, aim, within, beside }: Row): readonly string[] {
  const verdict = within === null ? '' : within ? 'within' : 'BEYOND';
  return [figure, measured, aim, verdict, beside];
}
