import { inspect } from 'node:util';
import { Command, CommanderError } from 'commander';
import { ConfigError } from '../config/config-error.ts';
import { ControlError } from '../control/client.ts';
import { EXIT } from '../control/exit-codes.ts';
import { ImportError } from '../import/import-error.ts';
import { configExitCode } from '../runtime/config-exit-code.ts';
import { CliError } from './cli-error.ts';
import type { CliIo } from './cli-io.ts';
import { addConfig } from './commands/config-check.ts';
import { addDecode } from './commands/decode.ts';
import { addDestroy } from './commands/destroy.ts';
import { addDoctor } from './commands/doctor.ts';
import { addDrill } from './commands/drill.ts';
import { addEvents } from './commands/events.ts';
import { addExplain } from './commands/explain.ts';
import { addForget } from './commands/forget.ts';
import { addGuard } from './commands/guard.ts';
import { addHistory } from './commands/history.ts';
import { addImport } from './commands/import.ts';
import { addKey } from './commands/key.ts';
import { addKeygen } from './commands/keygen.ts';
import { addCleanup, addMaintenance } from './commands/maintenance.ts';
import { addFailover, addSwitchover } from './commands/move.ts';
import { addReload } from './commands/reload.ts';
import { addRun } from './commands/run.ts';
import { addOnline, addStandby } from './commands/standby.ts';
import { addStatus } from './commands/status.ts';
import { addUserData } from './commands/user-data.ts';
import { isOutputOption, type Output } from './connection.ts';
import type { Finish } from './finish.ts';
import { meantVerb } from './old-words.ts';
import { resultLine } from './report-result.ts';
import { version } from './version.ts';

const EXIT_CODES = `
Exit codes:
  0 done          1 failed            64 typed wrong        69 the daemon does not run
  75 try again   77 no permission    78 misconfigured     106 the witness is out of reach
  107 refused: it would do harm      124 not done in time
`;

/** The command tree; the actions write to `io` and give their exit code to `finish`. */
export function buildProgram(io: CliIo, finish: Finish): Command {
  const program = new Command('eipkeeper')
    .description('Keeps an Elastic IP, and the service behind it, on a healthy EC2 instance.')
    .version(version, '-V, --version')
    .addHelpText('after', EXIT_CODES)
    .addHelpText('after', 'Example:\n  eipkeeper status\n')
    .showSuggestionAfterError(true)
    .exitOverride()
    .configureOutput({ writeOut: io.stdout, writeErr: io.stderr });
  addStatus(program, io, finish);
  addHistory(program, io);
  addExplain(program, io, finish);
  addEvents(program, io);
  addDoctor(program, io, finish);
  addSwitchover(program, io, finish);
  addFailover(program, io, finish);
  addDrill(program, io, finish);
  addStandby(program, io, finish);
  addOnline(program, io, finish);
  addMaintenance(program, io, finish);
  addCleanup(program, io, finish);
  addForget(program, io, finish);
  addReload(program, io, finish);
  addConfig(program, io);
  addKeygen(program, io);
  addKey(program, io, finish);
  addImport(program, io);
  addUserData(program, io);
  addDestroy(program, io);
  addDecode(program, io);
  addRun(program, io, finish);
  addGuard(program, io, finish);
  return program;
}

/** Runs one command line (without node and script) and gives the exit code. Never throws. */
export async function runCli(argv: readonly string[], io: CliIo): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = buildProgram(io, (code) => {
    exitCode = code;
  });
  let asJson = false;
  program.hook('preAction', (_, command) => {
    asJson = command.options.some(isOutputOption) && command.opts<{ output: Output }>().output === 'json';
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return afterCommander(error, program, io);
    return reportFailure(error, asJson, io);
  }
}

/** Commander has written its own message; only help and version are no errors. */
function afterCommander(error: CommanderError, program: Command, io: CliIo): number {
  if (error.code === 'commander.unknownCommand') sayMeantVerb(program, io);
  return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
}

function sayMeantVerb(program: Command, io: CliIo): void {
  const [typed = ''] = program.args;
  const meant = meantVerb(
    typed,
    program.commands.map((command) => command.name()),
  );
  if (meant !== '') io.stderr(`${meant}\n`);
}

function reportFailure(error: unknown, asJson: boolean, io: CliIo): number {
  const mendable = mendableExitCode(error);
  const exitCode = mendable ?? EXIT.error;
  const reason = error instanceof Error ? error.message : String(error);
  if (asJson) io.stdout(resultLine({ status: 'failed', reason, exitCode }));
  if (mendable === null) io.stderr(`${inspect(error)}\n`);
  else if (!asJson) io.stderr(startsWithPlace(error) ? `${reason}\n` : `eipkeeper: ${reason}\n`);
  return exitCode;
}

const startsWithPlace = (error: unknown): boolean =>
  error instanceof ConfigError || error instanceof ImportError;

/** Of what an operator can mend; null: a defect. */
function mendableExitCode(error: unknown): number | null {
  if (error instanceof CliError || error instanceof ControlError) return error.exitCode;
  if (error instanceof ImportError) return error.denied ? EXIT.noPermission : EXIT.misconfigured;
  if (error instanceof ConfigError) return configExitCode(error);
  return null;
}
