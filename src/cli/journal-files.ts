import { Option } from 'commander';
import { addressLabel, type Configuration, groupResources } from '../config/configuration.ts';
import { loadConfiguration } from '../config/load.ts';
import { EXIT } from '../control/exit-codes.ts';
import type { FactLine } from '../journal/fact.ts';
import { journalDirectory } from '../journal/journal.ts';
import { JournalError } from '../journal/read-journal.ts';
import { hint } from './choose-group.ts';
import { CliError } from './cli-error.ts';
import { pathByConfiguration } from './connection.ts';

const DEFAULT_STATE_DIRECTORY = '/var/lib/eipkeeper';

export interface JournalFileOptions {
  readonly config: string;
  readonly journal?: string;
}

export interface JournalFiles {
  readonly directory: string;
  /** What people call the address of a group. */
  readonly addressOf: (group: string) => string;
  /** By the configuration; empty when it is not known. */
  readonly groups: readonly string[];
}

export const journalOption = (): Option =>
  new Option('--journal <directory>', 'the journal (default: below stateDirectory of the configuration)');

export const groupOption = (): Option => new Option('-g, --group <name>', 'of this group only');

/** Throws ConfigError. What is wrong in a configuration keeps nobody from reading a journal, as from a status. */
export async function findJournal({ config, journal }: JournalFileOptions): Promise<JournalFiles> {
  const stateDirectory = () => pathByConfiguration(config, ['stateDirectory'], DEFAULT_STATE_DIRECTORY);
  const directory = journal ?? journalDirectory(await stateDirectory());
  const configuration = await loadConfiguration({ source: config }).catch(() => null);
  return {
    directory,
    addressOf: (group) => addressOf(configuration, group),
    groups: Object.keys(configuration?.file.groups ?? {}),
  };
}

/** A word with which nothing would ever be found is told, not answered with nothing. Throws CliError. */
export function requireGroup(
  named: string | undefined,
  { groups }: JournalFiles,
  facts: readonly FactLine[],
): void {
  const noted = facts.flatMap((fact) =>
    fact.kind === 'note' && 'group' in fact.note ? fact.note.group : [],
  );
  const known = [...new Set([...groups, ...noted])];
  if (named === undefined || known.length === 0 || known.includes(named)) return;
  if (groups.length > 0) throw new CliError(`there is no group ${named}; ${hint(named, known)}`, EXIT.usage);
  throw new CliError(
    `nothing is noted of a group ${named}, only of ${known.join(', ')}; whether there is one is not known, since there is no configuration to be read`,
    EXIT.error,
  );
}

function addressOf(configuration: Configuration | null, group: string): string {
  const settings = configuration?.file.groups[group];
  if (settings === undefined) return `of ${group}`;
  return groupResources(settings).addresses.map(addressLabel).join() || `of ${group}`;
}

/** What reading gives, or `empty` with the reason when there is no journal yet. Throws CliError. */
export async function readOrEmpty<T>(reading: Promise<T>, empty: T): Promise<{ value: T; missing: string }> {
  try {
    return { value: await reading, missing: '' };
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    if (error.code === 'JOURNAL_MISSING') return { value: empty, missing: error.message };
    const code = error.code === 'JOURNAL_DENIED' ? EXIT.noPermission : EXIT.error;
    throw new CliError(error.message, code, { cause: error });
  }
}
