/** One thing that is wrong, at the place where it is written. */
export interface ConfigProblem {
  /** Counted from 1; null when the problem has no place in the file. */
  readonly line: number | null;
  /** "groups.web.nodes"; '' for the file as a whole. */
  readonly path: string;
  readonly message: string;
}

/** Why there is no configuration. `denied` is worth an exit code of its own: the file may be fine. */
export type ConfigErrorCode = 'CONFIG_INVALID' | 'CONFIG_UNREADABLE' | 'CONFIG_DENIED' | 'CONFIG_UNAVAILABLE';

/** Everything that is wrong, one line each: "eipkeeper.yaml:12: groups.web.nodes: …". */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code: ConfigErrorCode;
  readonly source: string;
  readonly problems: readonly ConfigProblem[];

  constructor(
    code: ConfigErrorCode,
    source: string,
    problems: readonly ConfigProblem[],
    options?: { readonly cause?: unknown },
  ) {
    super(problems.map((problem) => formatProblem(source, problem)).join('\n'), options);
    this.code = code;
    this.source = source;
    this.problems = problems;
  }
}

export function formatProblem(source: string, { line, path, message }: ConfigProblem): string {
  const place = line === null ? source : `${source}:${line}`;
  return path === '' ? `${place}: ${message}` : `${place}: ${path}: ${message}`;
}

/** A problem that knows its place by keys; `yaml-source.ts` finds the line. */
export interface PathProblem {
  readonly path: readonly (string | number)[];
  /** Points at the key itself instead of its value, for a key that should not be there. */
  readonly atKey?: boolean;
  readonly message: string;
}

/** ["groups", "web", "resources", 0, "nginx"] → "groups.web.resources[0].nginx". */
export function formatPath(path: readonly (string | number)[]): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else text += text === '' ? part : `.${part}`;
  }
  return text;
}
