/** One line of the configuration, and where it came from. */
export interface YamlLine {
  readonly text: string;
  readonly from: string;
}

/** Comments begin in this column where the line leaves room. */
const WIDEST = 64;
const LONGEST_COMMENT = 140;

/** Every line with its comment, the comments in one column. */
export function withComments(lines: readonly YamlLine[]): string {
  const column = Math.min(WIDEST, Math.max(0, ...lines.map(({ text }) => text.length)));
  return lines.map(({ text, from }) => `${text.padEnd(column)}  # ${clipped(from)}\n`).join('');
}

const clipped = (text: string): string =>
  text.length > LONGEST_COMMENT ? `${text.slice(0, LONGEST_COMMENT)}…` : text;

/** A value on one line: { key: value }, [a, b] or a scalar. */
export function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, item]) => `${scalar(key)}: ${inline(item)}`);
    return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
  }
  return typeof value === 'string' ? scalar(value) : String(value);
}

/** Plain where no reader of YAML could take it for anything but a text. */
export function scalar(text: string): string {
  const isWord =
    /^[A-Za-z/][A-Za-z0-9_./-]*$/.test(text) && !/^(true|false|yes|no|on|off|null|y|n)$/i.test(text);
  const isAddress = /^\d+\.\d+\.\d+\.\d+$/.test(text);
  return isWord || isAddress || /^\d+(ms|s|m|h)$/.test(text) || /^(ocf|eipalloc)[\w:-]+$/.test(text)
    ? text
    : JSON.stringify(text);
}
