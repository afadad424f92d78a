import { Option } from 'commander';
import { addressLabel, type Configuration, groupResources } from '../config/configuration.ts';
import { loadConfiguration } from '../config/load.ts';
import { EXIT } from '../control/exit-codes.ts';
import { journalDirectory } from '../journal/journal.ts';
import { JournalError } from '../journal/read-journal.ts';
import { CliError } from './cli-error.ts';

const DEFAULT_STATE_DIRECTORY = '/var/lib/eipkeeper';

export interface JournalFileOptions {
  readonly config: string;
  readonly journal?: string;
}

export interface JournalFiles {
  readonly directory: string;
  /** What people call the address of a group. */
  readonly addressOf: (group: string) => string;
}

export const journalOption = (): Option =>
  new Option('--journal <directory>', 'the journal (default: below stateDirectory of the configuration)');

export const groupOption = (): Option => new Option('-g, --group <name>', 'of this group only');

/** Like a status, a journal is also wanted when the configuration cannot be read: it is then where it usually is. */
export async function findJournal({ config, journal }: JournalFileOptions): Promise<JournalFiles> {
  const configuration = await loadConfiguration({ source: config }).catch(() => null);
  const stateDirectory = configuration?.file.stateDirectory ?? DEFAULT_STATE_DIRECTORY;
  return {
    directory: journal ?? journalDirectory(stateDirectory),
    addressOf: (group) => addressOf(configuration, group),
  };
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
