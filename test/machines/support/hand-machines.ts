import { DeleteParametersCommand, GetParametersByPathCommand, SSMClient } from '@aws-sdk/client-ssm';
import manifest from '../../../package.json' with { type: 'json' };
import { API_ENDPOINT, PUBLIC_ADDRESS } from '../../support/netns/address-plan.ts';
import { command } from '../../support/netns/command.ts';
import { inNamespace } from '../../support/netns/namespace.ts';
import { createTestAccount, REGION } from '../../support/netns/test-account.ts';
import { createTopology, type TopologyNode } from '../../support/netns/topology.ts';
import { SystemdMachine } from '../../support/systemd-machine.ts';
import { cloudDisk } from './cloud-disk.ts';
import { type Step, stepsOf, withOwnValues } from './documented-steps.ts';
import { NAMES, type Name, startVpc, type VpcMachines } from './vpc-machines.ts';

/** As on Debian's images for EC2. */
const USER = 'admin';
/** What the pages call their cluster. */
const PREFIX = '/eipkeeper/web';

/** Two instances with nginx as their image brings it, and a reader who does what a page says. */
export interface HandMachines extends VpcMachines {
  /** Does what the blocks of a page say, in their order; gives what was printed. Throws when a command fails. */
  follow(page: string): Promise<string>;
  close(): Promise<void>;
}

/** `deb`: what the reader built. */
export async function startHandMachines(endpoint: string, deb: string): Promise<HandMachines> {
  await using closers = new AsyncDisposableStack();
  const topology = await createTopology({ nodes: NAMES });
  closers.defer(() => topology.close());
  await forgetCluster(endpoint);
  closers.defer(() => forgetCluster(endpoint));
  const account = await createTestAccount(endpoint, topology.nodes);
  closers.defer(() => account.close());
  const { ec2, allocationId, instances } = account;
  const startMachine = (name: Name, node: TopologyNode) => startInstance(name, node, deb);
  const vpc = await startVpc({ topology, endpoint, ec2, allocationId, instances, startMachine }, closers);
  await Promise.all(NAMES.map((name) => vpc.replace(name)));
  const [main, aux] = instances;
  const own = {
    '10.0.1.11': main!.privateIp,
    '10.0.2.12': aux!.privateIp,
    'i-0123456789abcdef0': main!.instanceId,
    'i-0fedcba9876543210': aux!.instanceId,
    'eipalloc-0123456789abcdef0': allocationId,
    '<the Elastic IP>': PUBLIC_ADDRESS,
  };
  const open = closers.move();
  return {
    ...vpc,
    follow: async (page) => {
      const printed: string[] = [];
      for (const step of stepsOf(withOwnValues(page, own))) {
        printed.push(await take(step, vpc, topology.client));
      }
      return printed.join('\n');
    },
    close: () => open.disposeAsync(),
  };
}

async function take(step: Step, { machine, on }: VpcMachines, client: string): Promise<string> {
  if (step.kind === 'file') {
    for (const name of NAMES) await machine(name).write(step.path, step.text);
    return '';
  }
  const { line, where, shows } = step;
  const type = (name: Name) => on(name, 'runuser', '--login', USER, '--command', line);
  switch (where) {
    case 'clone':
      return builtAlready(line);
    case 'elsewhere':
      return command('ip', inNamespace(client, 'sh', '-c', line));
    case 'one':
      return type('main');
    case 'both': {
      const printed: string[] = [];
      for (const name of NAMES) printed.push(await type(name));
      const other = printed.find((each) => !each.includes(shows));
      if (other !== undefined) throw new Error(`"${line}" does not show "${shows}": ${other}`);
      return printed.join('\n');
    }
  }
}

/** The packages of these sources were built for all files of the run. */
function builtAlready(line: string): string {
  const [, script = ''] = /npm run (\S+)/.exec(line) ?? [];
  if (!(script in manifest.scripts)) throw new Error(`"${line}": there is no script "${script}"`);
  return '';
}

async function startInstance(name: Name, { namespace }: TopologyNode, deb: string): Promise<SystemdMachine> {
  const machine = await SystemdMachine.start({
    network: `ns:/run/netns/${namespace}`,
    packages: ['sudo'],
    hostname: name,
    files: handDisk(name),
  });
  const home = `/home/${USER}`;
  const prepared = await machine.run(
    'sh',
    '-ec',
    `useradd --create-home --shell /bin/bash ${USER}
     cp ${deb} ${home}/
     # As Debian's package of nginx leaves it.
     systemctl enable --now nginx`,
  );
  if (prepared.code !== 0) throw new Error(`${name} could not be prepared: ${prepared.stderr}`);
  return machine;
}

/** Where AWS is: what is typed has to know it as well, also behind sudo. Nothing here asks a DNS. */
const handDisk = (name: Name): Readonly<Record<string, string>> => ({
  ...cloudDisk({ endpoint: API_ENDPOINT, whom: `node_${NAMES.indexOf(name) + 1}` }),
  '/etc/nsswitch.conf': 'passwd: files\ngroup: files\nshadow: files\nhosts: files\n',
  '/etc/sudo.env': `AWS_ENDPOINT_URL=${API_ENDPOINT}\n`,
  '/etc/sudoers.d/admin': `${USER} ALL=(ALL) NOPASSWD:ALL\nDefaults env_file=/etc/sudo.env\n`,
});

/** Terms and key of a cluster of that name, of another file. */
async function forgetCluster(endpoint: string): Promise<void> {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const ssm = new SSMClient({ endpoint, region: REGION, credentials });
  try {
    for (;;) {
      const { Parameters = [] } = await ssm.send(
        new GetParametersByPathCommand({ Path: PREFIX, Recursive: true, MaxResults: 10 }),
      );
      const Names = Parameters.map(({ Name = '' }) => Name);
      if (Names.length === 0) return;
      await ssm.send(new DeleteParametersCommand({ Names }));
    }
  } finally {
    ssm.destroy();
  }
}
