import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
} from 'yaml';
import { ConfigError, type ConfigProblem, formatPath, type PathProblem } from './config-error.ts';

/** Far more than any configuration needs, and little enough to parse in a moment. */
export const MAX_CONFIG_BYTES = 256 * 1024;
/** How many values aliases may stand for in all: a short file must not unfold into a large one. */
const MAX_ALIASES = 100;
const MAX_DEPTH = 32;
const MAX_SYNTAX_PROBLEMS = 20;

export interface YamlSource {
  readonly value: unknown;
  /** Gives each problem the line of its key, or of the nearest thing above it that is written. */
  locate(problem: PathProblem): ConfigProblem;
}

/** Throws ConfigError for what is not one well-formed YAML document of bounded size. */
export function parseYamlSource(bytes: Uint8Array, source: string): YamlSource {
  const refuse = (message: string, cause?: unknown): never => {
    throw new ConfigError('CONFIG_INVALID', source, [{ line: null, path: '', message }], { cause });
  };
  if (bytes.length > MAX_CONFIG_BYTES) {
    refuse(`is ${bytes.length} bytes long; a configuration has at most ${MAX_CONFIG_BYTES}`);
  }
  const text = decode(bytes) ?? refuse('is not a text file in UTF-8: is this the configuration?');
  if (tooDeep(text)) refuse(`is nested deeper than ${MAX_DEPTH} levels: is this the configuration?`);
  const lines = new LineCounter();
  const document = parse(text, lines, source);
  refuseSyntax(document, lines, source);
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) {
    refuse('is empty: begin with "cluster:", "key:", "nodes:" and "groups:"');
  }
  try {
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
    return { value, locate: (problem) => locate(document, lines, problem) };
  } catch (error) {
    return refuse(`its aliases cannot be resolved: ${(error as Error).message}`, error);
  }
}

function decode(bytes: Uint8Array): string | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return text.includes('\0') ? null : text;
  } catch {
    return null;
  }
}

/** The parser recurses: a file of nothing but brackets must not overflow the stack. */
function tooDeep(text: string): boolean {
  let depth = 0;
  for (const line of text.split('\n')) {
    if (/^ *(- ){33}/.test(line) || /^ {400}/.test(line)) return true;
    for (const character of line) {
      if (character === '[' || character === '{') depth += 1;
      else if (character === ']' || character === '}') depth = Math.max(0, depth - 1);
      if (depth > MAX_DEPTH) return true;
    }
  }
  return false;
}

function parse(text: string, lineCounter: LineCounter, source: string): Document.Parsed {
  try {
    return parseDocument(text, { lineCounter, prettyErrors: false, uniqueKeys: true, logLevel: 'error' });
  } catch (error) {
    const message = `is no YAML: ${(error as Error).message}`;
    throw new ConfigError('CONFIG_INVALID', source, [{ line: null, path: '', message }], { cause: error });
  }
}

function refuseSyntax(document: Document.Parsed, lines: LineCounter, source: string): void {
  const faults = [...document.errors, ...document.warnings].slice(0, MAX_SYNTAX_PROBLEMS);
  if (faults.length === 0) return;
  const problems = faults.map(({ code, message, pos }) => ({
    line: lines.linePos(pos[0]).line,
    path: '',
    message:
      code === 'DUPLICATE_KEY' ? 'this key was already given: keep one of the two' : `is no YAML: ${message}`,
  }));
  throw new ConfigError('CONFIG_INVALID', source, problems);
}

function locate(document: Document.Parsed, lines: LineCounter, problem: PathProblem): ConfigProblem {
  let node: unknown = document.contents;
  let offset = isNode(node) ? node.range?.[0] : undefined;
  for (const [index, part] of problem.path.entries()) {
    const step = descend(document, node, part);
    if (step === null) break;
    const isLast = index === problem.path.length - 1;
    offset = (isLast && problem.atKey !== true ? lineOfValue(step) : step.key?.range?.[0]) ?? offset;
    node = step.value;
  }
  const line = offset === undefined ? null : lines.linePos(offset).line;
  return { line, path: formatPath(problem.path), message: problem.message };
}

interface Step {
  readonly key: Node | null;
  readonly value: unknown;
}

function descend(document: Document.Parsed, from: unknown, part: string | number): Step | null {
  const node = isAlias(from) ? from.resolve(document) : from;
  if (isMap(node)) {
    const pair = node.items.find(
      (item) => String(isScalar(item.key) ? item.key.value : item.key) === String(part),
    );
    return pair === undefined ? null : { key: isNode(pair.key) ? pair.key : null, value: pair.value };
  }
  if (isSeq(node) && typeof part === 'number' && part < node.items.length) {
    const value = node.items[part];
    return { key: isNode(value) ? value : null, value };
  }
  return null;
}

/** A block below its key begins a line later, but the key is what the reader looks for. */
function lineOfValue({ key, value }: Step): number | undefined {
  if (isScalar(value)) return value.range?.[0];
  return key?.range?.[0];
}
