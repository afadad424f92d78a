import type { Command } from 'commander';
import { EXIT } from '../../control/exit-codes.ts';
import { describeMs } from '../ages.ts';
import { chooseGroup, chooseTarget } from '../choose-group.ts';
import { CliError } from '../cli-error.ts';
import type { CliIo } from '../cli-io.ts';
import {
  type ConnectionOptions,
  configOption,
  connectToDaemon,
  type Output,
  outputOption,
  socketOption,
} from '../connection.ts';
import type { Finish } from '../finish.ts';
import { printable } from '../printable.ts';
import { reportResult } from '../report-result.ts';
import { type DrillMove, type DrillReport, runDrill, whyNoDrill } from '../run-drill.ts';
import { timeoutOption } from '../timeout-option.ts';
import { withProgress } from '../with-progress.ts';

interface Options extends ConnectionOptions {
  readonly group?: string;
  readonly to?: string;
  readonly timeout: number;
  readonly output: Output;
}

export function addDrill(program: Command, io: CliIo, finish: Finish): void {
  program
    .command('drill')
    .description(
      'move a group to another node and back, and report how long it took and whether all was right',
    )
    .option('-g, --group <group>', 'needed when there are several')
    .option('-t, --to <node>', 'needed when there is more than one other')
    .addOption(timeoutOption())
    .addOption(outputOption())
    .addOption(configOption())
    .addOption(socketOption())
    .addHelpText(
      'after',
      '\nExample:\n  eipkeeper drill --group web\n\nTwo switchovers: no request is lost. Refused with 107 when a node could not lead. See docs/drill.md.\n',
    )
    .action((options: Options) => drill(io, finish, options));
}

async function drill(io: CliIo, finish: Finish, options: Options): Promise<void> {
  const client = await connectToDaemon(io, options);
  const snapshot = await client.status();
  const group = chooseGroup(snapshot, options.group);
  const target = chooseTarget(group, options.to);
  if (target === group.leader) {
    throw new CliError(`${target} leads ${group.name} already: name another node with --to`, EXIT.usage);
  }
  const reasons = whyNoDrill(snapshot, group, target);
  if (reasons.length > 0) {
    const refusal = {
      type: 'result',
      status: 'refused',
      reason: reasons.join('; '),
      exitCode: EXIT.unsafe,
    } as const;
    return reportResult(io, finish, refusal, {
      output: options.output,
      done: '',
      failed: 'nothing was moved',
      hint: '',
    });
  }
  const signal = io.interrupted();
  signal.addEventListener('abort', () => {
    if (options.output === 'text')
      io.stderr('given up: what is under way is waited for, and nothing further is begun\n');
  });
  const work = () => runDrill({ client, group: group.name, target, timeoutMs: options.timeout, signal });
  const report = options.output === 'text' ? await withProgress(io, client, work) : await work();
  finish(report.exitCode);
  io.stdout(options.output === 'json' ? `${JSON.stringify(report, null, 2)}\n` : drillText(report));
}

function drillText(report: DrillReport): string {
  const { group, moves, leader, stale } = report;
  const who = leader ?? 'nobody';
  const end = stale ? `${who} led ${group} last, as far as is known here` : `${who} leads ${group}`;
  return printable(`${[...moves.flatMap(moveLines), `${howItWent(report)}; ${end}`].join('\n')}\n`);
}

function howItWent({ reason, exitCode }: DrillReport): string {
  if (exitCode === EXIT.ok) return 'all was right';
  return reason === '' ? 'it was not as it should be' : `broken off: ${reason}`;
}

function moveLines({ from, to, tookMs, phases, problems }: DrillMove): readonly string[] {
  const parts =
    phases === null
      ? ''
      : ` (claim ${describeMs(phases.claimMs)}, move ${describeMs(phases.moveMs)}, start ${describeMs(phases.startMs)})`;
  return [
    `${from} → ${to}: ${describeMs(tookMs)}${parts}`,
    ...problems.map((problem) => `  WRONG: ${problem}`),
  ];
}
