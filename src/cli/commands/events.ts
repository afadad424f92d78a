import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import type { FactLine } from '../../journal/fact.ts';
import { readFacts } from '../../journal/read-journal.ts';
import { segmentsOf } from '../../journal/segment-ring.ts';
import type { CliIo } from '../cli-io.ts';
import { configOption, type Output, outputOption } from '../connection.ts';
import { type EventLine, eventLine } from '../event-line.ts';
import {
  findJournal,
  groupOption,
  type JournalFileOptions,
  journalOption,
  readOrEmpty,
  requireGroup,
} from '../journal-files.ts';
import { printable } from '../printable.ts';
import { wholeNumber } from './history.ts';

interface Options extends JournalFileOptions {
  readonly output: Output;
  readonly limit: number;
  readonly group?: string;
  readonly follow?: boolean;
}

const LOOK_EVERY_MS = 500;

export function addEvents(program: Command, io: CliIo): void {
  program
    .command('events')
    .description('list everything that this node noted, a line each, newest last')
    .option('-f, --follow', 'go on and print what comes, until Ctrl-C')
    .addOption(configOption())
    .addOption(journalOption())
    .addOption(groupOption())
    .addOption(outputOption())
    .addOption(new Option('-n, --limit <number>', 'the newest so many').argParser(wholeNumber).default(20))
    .addHelpText(
      'after',
      '\nReads the journal on this machine, also when the daemon does not run. With json, one object a line; its fields: docs/events.md.\n\nExamples:\n  eipkeeper events --follow\n  eipkeeper events --output json --limit 1000 | jq -r \'select(.severity == "error") | .text\'\n',
    )
    .action(async (options: Options) => {
      const files = await findJournal(options);
      const { directory, addressOf } = files;
      const print = (facts: readonly FactLine[], atMost = Number.POSITIVE_INFINITY) => {
        const lines = facts.flatMap((fact) => eventLine(fact, addressOf) ?? []);
        // What concerns no group concerns each of them.
        const wanted = lines.filter(
          ({ group }) => options.group === undefined || (group ?? options.group) === options.group,
        );
        for (const line of wanted.slice(-atMost))
          io.stdout(options.output === 'json' ? `${JSON.stringify(line)}\n` : lineText(line));
      };
      // Before it is read: what comes meanwhile is behind it.
      const size = await sizeOf(directory);
      const { value: facts, missing } = await readOrEmpty<readonly FactLine[]>(readFacts(directory), []);
      requireGroup(options.group, files, facts);
      if (missing !== '' && options.output === 'text') io.stderr(`${missing}\n`);
      print(facts, options.limit);
      if (options.follow === true) {
        const printed = { last: facts.at(-1), size };
        await follow(directory, printed, print, io.interrupted());
      }
    });
}

const lineText = ({ time, node, severity, text }: EventLine): string =>
  `${printable(`${time} ${node} ${severity === 'info' ? '' : `${severity.toUpperCase()}: `}${text}`).replaceAll('\n', ' ')}\n`;

/** Looks whether the files have grown, and prints what stands behind the last that was printed. */
async function follow(
  directory: string,
  printed: { readonly last: FactLine | undefined; readonly size: string },
  print: (facts: readonly FactLine[]) => void,
  signal: AbortSignal,
): Promise<void> {
  let { last, size } = printed;
  while (!signal.aborted) {
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
    const grown = await sizeOf(directory);
    if (grown === size) continue;
    size = grown;
    const { value: facts } = await readOrEmpty<readonly FactLine[]>(readFacts(directory), []);
    print(behind(facts, last));
    last = facts.at(-1) ?? last;
  }
}

/** All of it when the last one is gone: the ring has turned meanwhile. */
function behind(facts: readonly FactLine[], last: FactLine | undefined): readonly FactLine[] {
  if (last === undefined) return facts;
  const text = JSON.stringify(last);
  return facts.slice(facts.findLastIndex((fact) => JSON.stringify(fact) === text) + 1);
}

/** Changes with every append; '' while there is nothing. */
async function sizeOf(directory: string): Promise<string> {
  try {
    const files = await segmentsOf(directory, 'facts');
    const sizes = await Promise.all(files.map(async (file) => `${file} ${(await stat(file)).size}`));
    return sizes.join('\n');
  } catch {
    return '';
  }
}
