import { existsSync } from 'node:fs';
import type { ClusterNode } from './cluster.ts';
import type { NodeProcess } from './node-machine.ts';

const SOURCES = new URL('../../../src/main.ts', import.meta.url).pathname;

/** The sources, or the built program that EIPKEEPER_PROGRAM names. */
export const program = process.env.EIPKEEPER_PROGRAM ?? SOURCES;

/** Why the daemon cannot be run, in one line; null when it can. */
export const missingDaemon = (): string | null =>
  existsSync(program) ? null : `the program ${program} does not exist`;

/** The line that runs the daemon of a node. */
export const daemonLine = (node: Pick<ClusterNode, 'configPath'>, main: string = program): string[] => [
  process.execPath,
  main,
  'run',
  '--config',
  node.configPath,
];

/** Starts the daemon on a node as its unit file would. Its log is `node.log('eipkeeper')`. */
export const startDaemon = (node: ClusterNode): Promise<NodeProcess> =>
  node.start('eipkeeper', daemonLine(node));

/** Runs an operator's command on a node and gives what it printed; throws CommandError when it fails. */
export const eipkeeper = (node: ClusterNode, ...args: readonly string[]): Promise<string> =>
  node.run([process.execPath, program, ...args, '--config', node.configPath], { timeoutMs: 60_000 });

/** Stops a daemon as systemd would, and waits for its end. */
export async function stopDaemon(daemon: NodeProcess): Promise<void> {
  daemon.signal('SIGTERM');
  await daemon.exited;
}
