import { type Command, Option } from 'commander';
import { EXIT } from '../../control/exit-codes.ts';
import type { Episode } from '../../journal/episode.ts';
import { explain } from '../../journal/explain.ts';
import { historyOf } from '../../journal/history.ts';
import { readFacts, readRecordings } from '../../journal/read-journal.ts';
import { type Recording, wallMsOf } from '../../journal/recording.ts';
import { replay } from '../../journal/replay.ts';
import { localIso } from '../../journal/wall-time.ts';
import { CliError } from '../cli-error.ts';
import type { CliIo } from '../cli-io.ts';
import { configOption, type Output, outputOption } from '../connection.ts';
import { explanationEntry, explanationText } from '../explain-text.ts';
import type { Finish } from '../finish.ts';
import {
  findJournal,
  groupOption,
  type JournalFileOptions,
  journalOption,
  readOrEmpty,
  requireGroup,
} from '../journal-files.ts';
import { version } from '../version.ts';
import { wholeNumber } from './history.ts';

interface Options extends JournalFileOptions {
  readonly output: Output;
  readonly term?: number;
  readonly group?: string;
  readonly verify?: boolean;
}

export function addExplain(program: Command, io: CliIo, finish: Finish): void {
  program
    .command('explain')
    .description(
      'say in sentences why the leadership changed, or why it did not, from what this node recorded',
    )
    .addOption(configOption())
    .addOption(journalOption())
    .addOption(groupOption())
    .addOption(outputOption())
    .addOption(
      new Option(
        '--last',
        'the last change of each group, and what was refused or survived since (the default)',
      ).conflicts('term'),
    )
    .addOption(new Option('--term <number>', 'how this term came to be').argParser(wholeNumber))
    .addOption(
      new Option(
        '--verify',
        'put what was recorded through the core of this eipkeeper again, and compare',
      ).conflicts(['term', 'last']),
    )
    .addHelpText(
      'after',
      '\nReads the journal on this machine, also when the daemon does not run.\n\nExamples:\n  eipkeeper explain\n  eipkeeper explain --term 7 --group web\n',
    )
    .action(async (options: Options) => {
      const files = await findJournal(options);
      const { directory, addressOf } = files;
      const { value: facts, missing } = await readOrEmpty(readFacts(directory), []);
      requireGroup(options.group, files, facts);
      if (missing !== '' && options.term !== undefined) throw new CliError(missing, EXIT.error);
      const { value } = await readOrEmpty(readRecordings(directory), { recordings: [], damagedLines: 0 });
      const { recordings } = value;
      if (missing !== '' && options.output === 'text') return io.stdout(`${missing}\n`);
      if (options.verify === true) return verify(io, finish, recordings, options.output);
      const episodes = historyOf(facts).filter(({ group }) => group === (options.group ?? group));
      const chosen = options.term === undefined ? lastOf(episodes) : ofTerm(episodes, options.term);
      const explanations = chosen.map((episode) => explain(episode, { facts, recordings, addressOf }));
      if (options.output === 'json') {
        io.stdout(`${JSON.stringify(explanations.map(explanationEntry), null, 2)}\n`);
      } else if (explanations.length === 0) {
        io.stdout('nothing has changed hands since the journal begins\n');
      } else io.stdout(explanations.map(explanationText).join('\n'));
    });
}

/** Of each group the last change, and the last of each other kind that came after it. */
function lastOf(episodes: readonly Episode[]): readonly Episode[] {
  const groups = [...new Set(episodes.map(({ group }) => group))];
  return groups.flatMap((name) => {
    const own = episodes.filter(({ group }) => group === name);
    const changed = own.findLastIndex(({ kind }) => kind === 'change');
    const since = own.slice(changed + 1);
    const others = since.filter(
      (episode, index) => since.findLastIndex(({ kind }) => kind === episode.kind) === index,
    );
    return changed === -1 ? others : [...own.slice(changed, changed + 1), ...others];
  });
}

function ofTerm(episodes: readonly Episode[], term: number): readonly Episode[] {
  const found = episodes.filter((episode) => {
    if (episode.kind === 'change') return episode.term === term;
    return episode.kind === 'stay' && episode.firstTerm <= term && term <= episode.lastTerm;
  });
  if (found.length > 0) return found;
  throw new CliError(
    `the journal of this node does not know term ${term}: see "eipkeeper history"`,
    EXIT.error,
  );
}

function verify(io: CliIo, finish: Finish, recordings: readonly Recording[], output: Output): void {
  const replays = recordings.map((recording) => ({ recording, ...replay(recording) }));
  const steps = replays.reduce((sum, replayed) => sum + replayed.steps, 0);
  const differences = replays.flatMap(({ recording: { head }, difference }) =>
    difference === null
      ? []
      : [{ time: localIso(wallMsOf(head, difference.atMs)), recordedBy: head.version, ...difference }],
  );
  if (differences.length > 0) finish(EXIT.error);
  if (output === 'json') {
    return io.stdout(
      `${JSON.stringify({ version, recordings: recordings.length, steps, differences }, null, 2)}\n`,
    );
  }
  if (differences.length === 0) {
    return io.stdout(`${steps} steps in ${recordings.length} recordings, replayed: the same decisions\n`);
  }
  const lines = differences.map(
    ({ time, recordedBy, recorded, replayed }) =>
      `${time}: eipkeeper ${recordedBy} decided ${JSON.stringify(recorded)}, eipkeeper ${version} decides ${JSON.stringify(replayed)}`,
  );
  io.stdout(`${lines.join('\n')}\n`);
}
