import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { API_ENDPOINT, METADATA_ADDRESS } from './address-plan.ts';
import { command } from './command.ts';
import { inNamespace, killProcessesIn, processesIn } from './namespace.ts';
import { nginxConfig } from './nginx-config.ts';
import type { TopologyNode } from './topology.ts';

/** A program running on a node. Its output goes to `<node's directory>/<label>.log`. */
export interface NodeProcess {
  readonly pid: number;
  /** Resolves with its exit code, or null when a signal ended it. */
  readonly exited: Promise<number | null>;
  signal(signal: NodeJS.Signals): void;
}

/** One EC2 instance: a namespace with its own folders for /run and /var/lib, its nginx and whatever else runs there. */
export interface NodeMachine {
  readonly name: string;
  /** What its nginx puts in X-Whom: node_1, node_2, … */
  readonly whom: string;
  readonly namespace: string;
  readonly addresses: readonly string[];
  readonly directory: string;
  readonly nginxConfigPath: string;
  readonly stateDirectory: string;
  readonly socketPath: string;
  /** Starts a program in the node's namespace, with the environment an instance with a role would give it. */
  start(label: string, line: readonly string[], env?: Readonly<Record<string, string>>): Promise<NodeProcess>;
  /** Runs a program there to its end; throws CommandError. */
  run(line: readonly string[], options?: { readonly timeoutMs?: number }): Promise<string>;
  startNginx(): Promise<void>;
  /** kill -9 of every process on the node at once: a power cut, but for the kernel. */
  killEverything(): Promise<void>;
  processes(): Promise<number[]>;
  log(label: string): Promise<string>;
}

/** "ip netns exec" hides the control groups of the machine behind a /sys of its own. */
const WITH_CGROUPS = ['sh', '-c', 'mount -t cgroup2 none /sys/fs/cgroup 2> /dev/null; exec "$0" "$@"'];

export async function createNodeMachine(options: {
  readonly node: TopologyNode;
  readonly whom: string;
  readonly region: string;
  readonly parentDirectory: string;
}): Promise<NodeMachine> {
  const { node, whom } = options;
  const directory = join(options.parentDirectory, node.name);
  const stateDirectory = join(directory, 'state');
  const runDirectory = join(directory, 'run');
  const nginxConfigPath = join(directory, 'nginx.conf');
  await mkdir(stateDirectory, { recursive: true });
  await mkdir(runDirectory, { recursive: true });
  await writeFile(nginxConfigPath, nginxConfig({ directory, whom }));
  const environment: Record<string, string> = {
    PATH: process.env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin',
    // An empty home: no profile or key of this machine's user may stand in for the role.
    HOME: directory,
    AWS_ENDPOINT_URL: API_ENDPOINT,
    AWS_REGION: options.region,
    AWS_EC2_METADATA_SERVICE_ENDPOINT: `http://${METADATA_ADDRESS}`,
  };
  const within = (line: readonly string[]) => inNamespace(node.namespace, ...line);
  return {
    name: node.name,
    whom,
    namespace: node.namespace,
    addresses: node.addresses,
    directory,
    nginxConfigPath,
    stateDirectory,
    socketPath: join(runDirectory, 'eipkeeper.sock'),
    start: (label, line, env = {}) =>
      startProcess(
        within([...WITH_CGROUPS, ...line]),
        { ...environment, ...env },
        join(directory, `${label}.log`),
      ),
    run: (line, { timeoutMs } = {}) => {
      const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
      return command('ip', within(['env', '-i', ...variables, ...line]), { timeoutMs: timeoutMs ?? 15_000 });
    },
    startNginx: async () => {
      await command('ip', within(['nginx', '-c', nginxConfigPath]));
    },
    killEverything: () => killProcessesIn(node.namespace),
    processes: () => processesIn(node.namespace),
    log: (label) => readFile(join(directory, `${label}.log`), 'utf8').catch(() => ''),
  };
}

async function startProcess(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  logPath: string,
): Promise<NodeProcess> {
  const log = await open(logPath, 'a');
  const child: ChildProcess = spawn('ip', args, { stdio: ['ignore', log.fd, log.fd], env });
  const spawned = once(child, 'spawn');
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  await spawned;
  await log.close();
  return {
    pid: child.pid!,
    exited,
    signal: (signal) => {
      child.kill(signal);
    },
  };
}
