/** A line of one of the files that are imported. */
export interface Place {
  /** "ha.cf", or "dir0/ha.cf" where the files of several nodes are read. */
  readonly file: string;
  /** Counted from 1; null for the file as a whole. */
  readonly line: number | null;
}

/** One thing that stands in the way of an import. */
export interface ImportProblem {
  readonly place: Place;
  readonly message: string;
}

/**
 * Why nothing was imported: everything that is wrong, one line each, "haresources:3: …". No message ever holds a
 * text of authkeys, which are secrets.
 */
export class ImportError extends Error {
  override readonly name = 'ImportError';
  readonly problems: readonly ImportProblem[];
  /** Whether this user may not read a file: worth an exit code of its own. */
  readonly denied: boolean;

  constructor(problems: readonly ImportProblem[], options: { readonly denied?: boolean } = {}) {
    super(messageOf(problems));
    this.problems = problems;
    this.denied = options.denied ?? false;
  }
}

/** More would scroll away the first, which often causes the others. */
const SHOWN_MAX = 50;

function messageOf(problems: readonly ImportProblem[]): string {
  const lines = problems.slice(0, SHOWN_MAX).map(({ place, message }) => `${formatPlace(place)}: ${message}`);
  const more = problems.length - lines.length;
  return [...lines, ...(more === 0 ? [] : [`and ${more} more`])].join('\n');
}

export const formatPlace = ({ file, line }: Place): string => (line === null ? file : `${file}:${line}`);
