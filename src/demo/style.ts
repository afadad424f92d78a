/** Words with a colour, so that a line can be cut to the width of a terminal before it is painted. */
export type Colour = 'red' | 'green' | 'yellow' | 'cyan' | 'bold' | 'dim';
export type Span = string | { readonly text: string; readonly colour: Colour };
export type Line = readonly Span[];

const CODES: Readonly<Record<Colour, number>> = { red: 31, green: 32, yellow: 33, cyan: 36, bold: 1, dim: 2 };
const RESET = '\u001b[0m';

export const tinted = (colour: Colour, text: string): Span => ({ text, colour });

/** Cuts at `columns`; without `coloured` the words alone. */
export function paint(line: Line, options: { readonly columns: number; readonly coloured: boolean }): string {
  let left = options.columns;
  let painted = '';
  for (const span of line) {
    const { text, colour } = typeof span === 'string' ? { text: span, colour: null } : span;
    const cut = text.slice(0, left);
    left -= cut.length;
    painted += colour === null || !options.coloured ? cut : `\u001b[${CODES[colour]}m${cut}${RESET}`;
    if (left === 0) break;
  }
  return painted;
}

/** Colours are for terminals, and not for people who set NO_COLOR (no-color.org). */
export const isColoured = (
  stream: { readonly isTTY?: boolean },
  environment: Readonly<Record<string, string | undefined>>,
): boolean => stream.isTTY === true && (environment.NO_COLOR ?? '') === '' && environment.TERM !== 'dumb';

/** 2,012 */
export const number = (value: number): string => Math.round(value).toLocaleString('en-US');
export const ms = (value: number): string => `${number(value)} ms`;
/** once, 3 times */
export const times = (count: number): string => (count === 1 ? 'once' : `${count} times`);
