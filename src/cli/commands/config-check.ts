import { Argument, type Command } from 'commander';
import { addressLabel, type Configuration, groupResources } from '../../config/configuration.ts';
import { formatDuration } from '../../config/duration.ts';
import type { CliIo } from '../cli-io.ts';
import { DEFAULT_CONFIG_PATH } from '../connection.ts';
import { readConfiguration } from '../read-configuration.ts';

export function addConfig(program: Command, io: CliIo): void {
  const config = program
    .command('config')
    .description('look at the configuration')
    .addHelpText('after', '\nExample:\n  eipkeeper config check ./eipkeeper.yaml\n');
  config
    .command('check')
    .description('read the configuration as the daemon would, and say what is wrong or what it means')
    .addArgument(
      new Argument(
        '[path]',
        `a file, or ssm:/name/of/a/parameter (default: "${DEFAULT_CONFIG_PATH}", env: EIPKEEPER_CONFIG)`,
      ),
    )
    .option('-c, --config <path>', 'the same as the argument')
    .addHelpText(
      'after',
      '\nExamples:\n  eipkeeper config check ./eipkeeper.yaml\n  eipkeeper config check ssm:/eipkeeper/web/config\n',
    )
    .action(async (path: string | undefined, options: { readonly config?: string }) => {
      const source = options.config ?? path ?? (io.env.EIPKEEPER_CONFIG || DEFAULT_CONFIG_PATH);
      const configuration = await readConfiguration(io, source, io.interrupted());
      io.stdout(describeConfiguration(configuration));
    });
}

function describeConfiguration({ source, file, timings, witnessLoad }: Configuration): string {
  const lines = [
    `${source}: good`,
    `cluster ${file.cluster}: ${Object.keys(file.nodes).join(', ')}; a heartbeat every ${formatDuration(timings.keepaliveMs)}, initdead ${formatDuration(timings.initdeadMs)}`,
  ];
  for (const [name, group] of Object.entries(file.groups)) {
    const own = timings.groups[name];
    if (own === undefined) continue;
    const { addresses, services } = groupResources(group);
    const order = [...services.map(({ type }) => type), addresses.map(addressLabel).join(' and ')];
    lines.push(
      `group ${name} (${group.kind}) on ${group.nodes.join(', ')}: ${order.join(', then ')}; failback ${group.failback.mode}`,
      `  warntime ${formatDuration(own.warntimeMs)}, deadtime ${formatDuration(own.deadtimeMs)}, lease ${formatDuration(own.leaseMs)}, ` +
        `witnessTimeout ${formatDuration(own.witnessTimeoutMs)}${group.kind === 'exclusive' ? `, stopTimeout ${formatDuration(own.stopTimeoutMs)}` : ''}`,
    );
  }
  lines.push(
    `in a partition: at first ${witnessLoad.firstBurstWrites} writes to the witness, then at most ${witnessLoad.sustainedWritesPerSecond} a second of the ${witnessLoad.quotaPerSecond} that are allowed`,
    `a node that leads all it may: ${witnessLoad.groupsOfOneNode} terms to write before deadtime, of ${witnessLoad.termsBeforeDeadtime} that fit`,
  );
  return `${lines.join('\n')}\n`;
}
