import { type Command, Option } from 'commander';
import { EXIT } from '../../control/exit-codes.ts';
import type { GroupStatus } from '../../control/status-snapshot.ts';
import { type AwsPlace, withAws } from '../aws-access.ts';
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
import { moveFromAfar } from '../move-from-afar.ts';
import { movePlan, planText } from '../move-plan.ts';
import { printable } from '../printable.ts';
import { reportResult } from '../report-result.ts';
import { timeoutOption } from '../timeout-option.ts';
import { withProgress } from '../with-progress.ts';
import { prefixOption, regionOption, witnessPlace } from '../witness-place.ts';

interface Options extends ConnectionOptions {
  readonly to?: string;
  readonly group?: string;
  readonly timeout: number;
  readonly output: Output;
  readonly force?: boolean;
  readonly dryRun?: boolean;
  readonly via: 'daemon' | 'ssm';
  readonly prefix?: string;
  readonly region?: string;
}

type Kind = 'switchover' | 'force';

export function addSwitchover(program: Command, io: CliIo, finish: Finish): void {
  addMoveOptions(program.command('switchover'))
    .description(
      'move a group to another node that is healthy, without losing a request (hb_takeover, hb_standby)',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  eipkeeper switchover --to aux\n  eipkeeper switchover --to aux --dry-run\n  eipkeeper switchover --via ssm --prefix /eipkeeper/web --group web --to aux\n\nRefused, with the reason, when anything is in the way: exit code 107, or 106 without the witness.\n',
    )
    .action((options: Options) => move(io, finish, options, 'switchover'));
}

export function addFailover(program: Command, io: CliIo, finish: Finish): void {
  addMoveOptions(program.command('failover'))
    .description('the same as switchover; with --force, take the group although something is broken')
    .option(
      '-f, --force',
      'take the group without its leader: for when it does not answer or cannot hand over',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  eipkeeper failover --to aux\n  eipkeeper failover --to aux --force\n  eipkeeper failover --to aux --force --via ssm --prefix /eipkeeper/web --group web\n',
    )
    .action((options: Options) => move(io, finish, options, options.force === true ? 'force' : 'switchover'));
}

function addMoveOptions(command: Command): Command {
  return command
    .option('-t, --to <node>', 'the node that should lead; needed when there is more than one other')
    .option('-g, --group <group>', 'needed when there are several')
    .option('-n, --dry-run', 'say step by step what it would do, and why it might be refused')
    .addOption(
      new Option(
        '--via <way>',
        'daemon: the one on this machine; ssm: from anywhere, with AWS credentials alone',
      )
        .choices(['daemon', 'ssm'])
        .default('daemon'),
    )
    .addOption(prefixOption('with --via ssm: '))
    .addOption(regionOption('with --via ssm: '))
    .addOption(timeoutOption())
    .addOption(outputOption())
    .addOption(configOption())
    .addOption(socketOption());
}

async function move(io: CliIo, finish: Finish, options: Options, kind: Kind): Promise<void> {
  if (options.via === 'ssm') return moveBySsm(io, finish, options, kind);
  if (options.prefix !== undefined || options.region !== undefined) {
    throw new CliError('--prefix and --region are for --via ssm: add it', EXIT.usage);
  }
  const client = await connectToDaemon(io, options);
  const snapshot = await client.status();
  const group = chooseGroup(snapshot, options.group);
  const target = chooseTarget(group, options.to);
  if (options.dryRun === true) {
    const plan = movePlan(snapshot, { group, target, kind });
    finish(plan.exitCode);
    return io.stdout(options.output === 'json' ? `${JSON.stringify(plan, null, 2)}\n` : planText(plan));
  }
  const leadsAlready = group.leader === target && group.handover === null;
  const from = group.leader === null ? '' : ` from ${group.leader}`;
  if (options.output === 'text' && !leadsAlready) io.stderr(`moving ${group.name}${from} to ${target} …\n`);
  const signal = io.interrupted();
  const until = new Date(Date.now() + options.timeout);
  const ask = () =>
    client
      .command({ type: 'move', group: group.name, target, kind, timeoutMs: options.timeout }, signal)
      .catch(givenUp(signal, until));
  const result = options.output === 'text' ? await withProgress(io, client, ask) : await ask();
  // Without the witness a force does not come about either.
  const mayForce = kind === 'switchover' && result.exitCode === EXIT.unsafe;
  const forced = `eipkeeper failover --group ${group.name} --to ${target} --force`;
  const unfit = group.candidates.find(({ node, eligible }) => node === target && !eligible);
  reportResult(io, finish, result, {
    output: options.output,
    done: leadsAlready ? `${target} leads ${group.name} already` : `${group.name} is on ${target}`,
    failed: `${group.name} was not moved to ${target}`,
    hint: !mayForce ? '' : unfit === undefined ? `If the leader is broken: ${forced}` : whyUnfit(unfit),
  });
}

/** Who waits for a move does not hold it: the daemon knows what was asked until its time is over. */
const givenUp = (signal: AbortSignal, until: Date) => (error: unknown) => {
  if (!signal.aborted) throw error;
  const fate = `a move that has begun goes on, and one that has not may still begin until ${until.toISOString()} (--timeout)`;
  throw new CliError(`given up; ${fate}: see "eipkeeper status"`, EXIT.error, { cause: error });
};

/** To force it onto such a node would not mend anything: what is wrong there comes first. */
const whyUnfit = ({ node, reason }: GroupStatus['candidates'][number]): string =>
  printable(`${node}: ${reason}`);

async function moveBySsm(io: CliIo, finish: Finish, options: Options, kind: Kind): Promise<void> {
  if (options.dryRun === true) {
    throw new CliError('a dry run asks the daemon on a node: leave --via ssm out', EXIT.usage);
  }
  const signal = io.interrupted();
  const { group, target, prefix, place } = await chosenFromAfar(io, options, signal);
  const result = await withAws(io, place, signal, (clients) =>
    moveFromAfar({
      clients,
      environment: place.endpoint === undefined ? io.env : { ...io.env, AWS_ENDPOINT_URL: place.endpoint },
      prefix,
      group,
      target,
      kind,
      timeoutMs: options.timeout,
      signal,
      say: (sentence) => {
        if (options.output === 'text') io.stderr(`${sentence}\n`);
      },
    }),
  );
  reportResult(io, finish, result, {
    output: options.output,
    done: `${group} is on ${target}`,
    failed: `${group} was not moved to ${target}`,
    hint: '',
  });
}

interface ChosenFromAfar {
  readonly group: string;
  readonly target: string;
  readonly prefix: string;
  readonly place: AwsPlace;
}

/** Without a configuration everything must be said. */
async function chosenFromAfar(io: CliIo, options: Options, signal: AbortSignal): Promise<ChosenFromAfar> {
  const { to, group } = options;
  if (to === undefined) throw new CliError('say where to: add --to and the name of the node', EXIT.usage);
  const { prefix, place, file } = await witnessPlace(io, options, signal);
  if (file === null) {
    if (group === undefined) throw new CliError('say which group: add --group and its name', EXIT.usage);
    return { group, target: to, prefix, place };
  }
  const names = Object.keys(file.groups);
  const wanted = group ?? (names.length === 1 ? names[0] : undefined);
  const settings = wanted === undefined ? undefined : file.groups[wanted];
  if (wanted === undefined || settings === undefined) {
    throw new CliError(`say which group: --group ${names.join(' or --group ')}`, EXIT.usage);
  }
  if (!settings.nodes.includes(to)) {
    throw new CliError(
      `${to} is not one of the nodes of ${wanted}: ${settings.nodes.join(', ')}`,
      EXIT.usage,
    );
  }
  return { group: wanted, target: to, prefix, place };
}
