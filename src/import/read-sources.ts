import { parseAuthkeys, type SigningMethod } from './authkeys.ts';
import { type ClusterSettings, readClusterSettings } from './cluster-settings.ts';
import { DIRECTIVES } from './directives.ts';
import { type HaCfLine, parseHaCf, quoted } from './ha-cf.ts';
import { parseHaresources, type WrittenGroup } from './haresources.ts';
import { formatPlace, ImportError, type ImportProblem } from './import-error.ts';
import type { TextFile } from './text-file.ts';

/** The three files of one node. */
export interface HeartbeatFiles {
  /** Words that may be the node whose files these are: it counts when ha.cf names it. */
  readonly ownerHints: readonly string[];
  readonly haCf: TextFile;
  /** null: there is none. */
  readonly haresources: TextFile | null;
  readonly authkeys: TextFile | null;
}

/** What the files of one node say. */
export interface Source {
  readonly lines: readonly HaCfLine[];
  readonly settings: ClusterSettings;
  readonly groups: readonly WrittenGroup[];
  readonly signing: SigningMethod | null;
}

/** What is wrong in one file does not hide what is wrong in another. Throws ImportError, also where nodes differ. */
export function readSources(files: readonly HeartbeatFiles[]): readonly Source[] {
  const problems: ImportProblem[] = [];
  const attempt = <T>(action: () => T): T | null => {
    try {
      return action();
    } catch (error) {
      if (!(error instanceof ImportError)) throw error;
      problems.push(...error.problems);
      return null;
    }
  };
  const sources = files.map(({ haCf, haresources, authkeys }) => {
    const lines = attempt(() => parseHaCf(haCf));
    const settings = lines === null ? null : attempt(() => readClusterSettings(lines));
    const groups = haresources === null ? [] : attempt(() => parseHaresources(haresources));
    const signing = authkeys === null ? null : attempt(() => parseAuthkeys(authkeys));
    return { lines, settings, groups, signing };
  });
  if (problems.length > 0) throw new ImportError(problems);
  const whole = sources.filter(
    (source): source is Source => source.settings !== null && source.groups !== null,
  );
  const differences = whole
    .slice(1)
    .flatMap((other) => (whole[0] === undefined ? [] : differenceOf(whole[0], other)));
  if (differences.length > 0) throw new ImportError(differences);
  const withGroups = whole.find(({ groups }) => groups.length > 0);
  const withKey = whole.find(({ signing }) => signing !== null);
  return whole.map((source) => ({
    ...source,
    groups: withGroups?.groups ?? [],
    signing: withKey?.signing ?? null,
  }));
}

/** The files of the nodes may differ in their ucast lines, and in what goes to the log, but in nothing that matters. */
function differenceOf(one: Source, other: Source): readonly ImportProblem[] {
  const matters = ({ directive }: HaCfLine) =>
    DIRECTIVES[directive]?.treatment === 'carried' && directive !== 'ucast' && directive !== 'ucast6';
  const pairs: readonly (readonly [readonly Compared[], readonly Compared[]])[] = [
    [one.lines.filter(matters), other.lines.filter(matters)],
    ...(one.groups.length > 0 && other.groups.length > 0
      ? ([[one.groups.map(groupLine), other.groups.map(groupLine)]] as const)
      : []),
  ];
  return pairs.flatMap(([a, b]) => {
    const index = [...a, ...b].findIndex((_, at) => a[at]?.text !== b[at]?.text);
    const [left, right] = [a[index], b[index]];
    const known = right ?? left;
    if (index < 0 || known === undefined) return [];
    const message = `the files of the nodes differ: ${shown(left)} and ${shown(right)}; make them the same`;
    return [{ place: known.place, message }];
  });
}

type Compared = Pick<HaCfLine, 'text' | 'place'>;

const groupLine = ({ place, node, resources }: WrittenGroup): Compared => ({
  place,
  text: [node, ...resources.map(({ text }) => text)].join(' '),
});

const shown = (line: Compared | undefined): string =>
  line === undefined ? 'nothing' : `${quoted(line.text)} (${formatPlace(line.place)})`;
