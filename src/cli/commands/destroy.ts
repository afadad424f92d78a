import type { Command } from 'commander';
import { EXIT } from '../../control/exit-codes.ts';
import { findDaemons } from '../../doctor/daemons-running.ts';
import { DoctorContext } from '../../doctor/doctor-context.ts';
import { deleteRemains, listRemains, type Remains, RemainsError } from '../../witness/remains.ts';
import { withAws } from '../aws-access.ts';
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
import { printable } from '../printable.ts';
import { version } from '../version.ts';
import { prefixOption, regionOption, type WitnessPlaceOptions, witnessPlace } from '../witness-place.ts';

interface Options extends ConnectionOptions, WitnessPlaceOptions {
  readonly output: Output;
  readonly yes?: boolean;
  readonly force?: boolean;
}

export function addDestroy(program: Command, io: CliIo): void {
  program
    .command('destroy')
    .description('remove what a cluster that is no more has left in SSM: terms, hints, the request')
    .option('-y, --yes', 'do it; without, the names are shown and nothing is deleted')
    .option('-f, --force', 'also while daemons run, or where it cannot be known that none does')
    .addOption(prefixOption(''))
    .addOption(regionOption(''))
    .addOption(outputOption())
    .addOption(configOption())
    .addOption(socketOption())
    .addHelpText(
      'after',
      '\nExamples:\n  eipkeeper destroy\n  eipkeeper destroy --yes\n  eipkeeper destroy --prefix /eipkeeper/web --yes --force\n\nThe key, the configuration and whatever else stands there stay. See docs/destroy.md.\n',
    )
    .action((options: Options) => destroy(io, options));
}

async function destroy(io: CliIo, options: Options): Promise<void> {
  const signal = io.interrupted();
  const { prefix, place } = await witnessPlace(io, options, signal);
  if (options.yes === true && options.force !== true) await requireStandstill(io, options, signal);
  try {
    await withAws(io, place, signal, async (clients) => {
      const remains = await listRemains(clients, prefix, signal);
      if (options.output === 'text') io.stdout(remainsText(remains, prefix));
      if (options.yes === true) await deleteRemains(clients, remains.made, signal);
      conclude(io, options, remains);
    });
  } catch (error) {
    if (!(error instanceof RemainsError)) throw error;
    const code = signal.aborted ? EXIT.error : error.denied ? EXIT.noPermission : EXIT.unavailable;
    throw new CliError(`${error.message}; what is left can be removed by typing it again`, code, {
      cause: error,
    });
  }
}

/** A leader without its terms could not be told from a stranger. */
async function requireStandstill(io: CliIo, options: Options, signal: AbortSignal): Promise<void> {
  const forced = 'or add --force';
  if (options.prefix !== undefined) {
    throw new CliError(
      `nothing was deleted: whether daemons of ${options.prefix} run cannot be known from here: type it on a node, with its configuration, ${forced}`,
      EXIT.unsafe,
    );
  }
  const connect = () => connectToDaemon(io, options);
  const shared = { source: options.config, version, environment: io.env, waiting: false };
  const context = new DoctorContext({ ...shared, connect, signal });
  try {
    const { running, unknown } = await findDaemons(context).catch((error: Error) => {
      throw new CliError(
        `nothing was deleted: whether daemons run is not known (${error.message}): type it on a node, ${forced}`,
        EXIT.unsafe,
        { cause: error },
      );
    });
    if (running.length > 0) {
      const nodes = running.join(' and ');
      throw new CliError(
        `nothing was deleted: eipkeeper runs on ${nodes}; stop it there ("systemctl disable --now eipkeeper"), ${forced}`,
        EXIT.unsafe,
      );
    }
    if (unknown.length > 0) {
      throw new CliError(
        `nothing was deleted: ${unknown.join(' and ')} does not answer, and may only be out of reach; see that eipkeeper does not run there, ${forced}`,
        EXIT.unsafe,
      );
    }
  } finally {
    await context.close();
  }
}

function remainsText({ made, foreign }: Remains, prefix: string): string {
  const lines = [
    ...made.map((name) => `${name}\n`),
    ...foreign.map((name) => `${name}  (stays: not made by the daemons)\n`),
  ];
  return printable(lines.length === 0 ? `there is nothing below ${prefix}\n` : lines.join(''));
}

function conclude(io: CliIo, { output, yes }: Options, { made, foreign }: Remains): void {
  const deleted = yes === true ? made.length : 0;
  if (output === 'json') {
    io.stdout(`${JSON.stringify({ found: made, stays: foreign, deleted }, null, 2)}\n`);
  } else if (yes === true) {
    io.stdout(`${deleted} deleted\n`);
  } else if (made.length > 0) {
    io.stdout(`nothing was deleted; --yes deletes ${made.length}\n`);
  }
}
