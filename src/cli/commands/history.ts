import { type Command, InvalidArgumentError, Option } from 'commander';
import { historyOf } from '../../journal/history.ts';
import { historyEntry } from '../../journal/history-entry.ts';
import { readFacts } from '../../journal/read-journal.ts';
import type { CliIo } from '../cli-io.ts';
import { configOption, type Output, outputOption } from '../connection.ts';
import { historyText } from '../history-text.ts';
import {
  findJournal,
  groupOption,
  type JournalFileOptions,
  journalOption,
  readOrEmpty,
  requireGroup,
} from '../journal-files.ts';

interface Options extends JournalFileOptions {
  readonly output: Output;
  readonly limit: number;
  readonly group?: string;
}

export function addHistory(program: Command, io: CliIo): void {
  program
    .command('history')
    .description('list takeovers, switchovers and what was refused, as this node saw them, newest last')
    .addOption(configOption())
    .addOption(journalOption())
    .addOption(groupOption())
    .addOption(outputOption())
    .addOption(new Option('-n, --limit <number>', 'the newest so many').argParser(wholeNumber).default(20))
    .addHelpText(
      'after',
      '\nReads the journal on this machine, also when the daemon does not run. Another node may know more of what it did itself.\n\nExamples:\n  eipkeeper history\n  eipkeeper history --output json --limit 100 | jq -r \'.[] | select(.kind == "change") | .time\'\n',
    )
    .action(async (options: Options) => {
      const files = await findJournal(options);
      const { value: facts, missing } = await readOrEmpty(readFacts(files.directory), []);
      requireGroup(options.group, files, facts);
      const wanted = historyOf(facts).filter(({ group }) => group === (options.group ?? group));
      const newest = wanted.slice(-options.limit);
      if (options.output === 'json') io.stdout(`${JSON.stringify(newest.map(historyEntry), null, 2)}\n`);
      else if (missing !== '') io.stdout(`${missing}\n`);
      else if (newest.length === 0) io.stdout('nothing has changed hands since the journal begins\n');
      else io.stdout(historyText(newest));
    });
}

export function wholeNumber(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('It must be a whole number above 0.');
}
