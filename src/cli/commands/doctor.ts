import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../../config/duration.ts';
import { EXIT } from '../../control/exit-codes.ts';
import { CHECKS } from '../../doctor/checks/index.ts';
import { DoctorContext } from '../../doctor/doctor-context.ts';
import { exitCodeOf, type Report, runChecks } from '../../doctor/run-checks.ts';
import { problemsOf, waitUntilFit } from '../../doctor/wait-until-fit.ts';
import type { CliIo } from '../cli-io.ts';
import {
  type ConnectionOptions,
  configOption,
  connectToDaemon,
  type Output,
  outputOption,
  socketOption,
} from '../connection.ts';
import { doctorJson, reportText, summaryText } from '../doctor-text.ts';
import type { Finish } from '../finish.ts';
import { painted } from '../paint.ts';
import { printable } from '../printable.ts';
import { version } from '../version.ts';

interface Options extends ConnectionOptions {
  readonly output: Output;
  /** In milliseconds; true: DEFAULT_WAIT_MS. */
  readonly wait?: number | true;
}

/** Longer than a start of two instances takes; whoever waits less says so, or ends the command. */
const DEFAULT_WAIT_MS = 3_600_000;

export function addDoctor(program: Command, io: CliIo, finish: Finish): void {
  program
    .command('doctor')
    .description('look for what is wrong before the first failure shows it; changes nothing')
    .addOption(
      new Option(
        '-w, --wait [duration]',
        'look again until the daemon runs and nothing is a failure, at most this long (default: 1h, up to 24h)',
      ).argParser(readWait),
    )
    .addOption(outputOption())
    .addOption(configOption())
    .addOption(socketOption())
    .addHelpText(
      'after',
      '\nExamples:\n  sudo eipkeeper doctor\n  sudo eipkeeper doctor --wait 10m\n  sudo eipkeeper doctor --output json | jq -r \'.findings[] | select(.verdict == "failure") | .text\'\n\nEnds with 0 when nothing is a failure, else with what the first failure is; 124 when --wait was too short.\nThe lines and the fields of the JSON: docs/doctor.md.\n',
    )
    .action(async (options: Options) => {
      const { wait } = options;
      if (wait === undefined) return finish(await lookOnce(io, options));
      finish(await lookUntilFit(io, options, wait === true ? DEFAULT_WAIT_MS : wait));
    });
}

async function lookOnce(io: CliIo, options: Options): Promise<number> {
  const context = new DoctorContext({ ...shared(io, options), waiting: false, signal: io.interrupted() });
  try {
    const tell = (report: Report) => {
      if (options.output === 'text') io.stdout(painted(io, reportText(report)));
    };
    const reports = await runChecks(CHECKS, context, tell);
    return conclude(io, options, reports, exitCodeOf(reports));
  } finally {
    await context.close();
  }
}

async function lookUntilFit(io: CliIo, options: Options, waitMs: number): Promise<number> {
  const signal = AbortSignal.any([io.interrupted(), AbortSignal.timeout(waitMs)]);
  const onProblems = (problems: readonly string[]) => {
    if (options.output === 'json') return;
    io.stderr(printable(`waiting for:\n${problems.map((problem) => `  ${problem}\n`).join('')}`));
  };
  const reports = await waitUntilFit({ checks: CHECKS, options: shared(io, options), signal, onProblems });
  const isFit = reports.length > 0 && problemsOf(reports).length === 0;
  if (options.output === 'text') for (const report of reports) io.stdout(painted(io, reportText(report)));
  return conclude(io, options, reports, isFit ? EXIT.ok : EXIT.timeout);
}

function conclude(io: CliIo, { output }: Options, reports: readonly Report[], exitCode: number): number {
  if (output === 'json') io.stdout(`${JSON.stringify(doctorJson(reports, exitCode), null, 2)}\n`);
  else io.stdout(summaryText(reports));
  return exitCode;
}

const shared = (io: CliIo, options: Options) => ({
  source: options.config,
  version,
  environment: io.env,
  connect: () => connectToDaemon(io, options),
});

function readWait(text: string): number {
  const parsed = parseDuration(text);
  if (!parsed.ok) throw new InvalidArgumentError(parsed.reason);
  if (parsed.ms > 0) return parsed.ms;
  throw new InvalidArgumentError('must be longer than 0');
}
