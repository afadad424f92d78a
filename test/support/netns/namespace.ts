import { access } from 'node:fs/promises';
import { command } from './command.ts';
import { waitFor } from './wait-for.ts';

/** The arguments that run a program inside a namespace: `spawn('ip', inNamespace(name, …))`. The pid stays the same. */
export const inNamespace = (name: string, ...program: readonly string[]): string[] => [
  'netns',
  'exec',
  name,
  ...program,
];

/** Runs `ip` commands, one a line, inside a namespace. */
export const ipBatch = (name: string, lines: readonly string[]): Promise<string> =>
  command('ip', ['-n', name, '-batch', '-'], { input: `${lines.join('\n')}\n` });

export const nft = (name: string, rules: string): Promise<string> =>
  command('ip', inNamespace(name, 'nft', '-f', '-'), { input: rules });

export async function createNamespace(
  name: string,
  sysctls: Readonly<Record<string, string>> = {},
): Promise<void> {
  await command('ip', ['netns', 'add', name]);
  await ipBatch(name, ['link set lo up']);
  const writes = Object.entries({ 'net/ipv6/conf/all/disable_ipv6': '1', ...sysctls }).map(
    ([key, value]) => `echo ${value} > /proc/sys/${key}`,
  );
  await command('ip', inNamespace(name, 'sh', '-ec', writes.join('\n')));
}

export async function namespaceExists(name: string): Promise<boolean> {
  try {
    await access(`/run/netns/${name}`);
    return true;
  } catch {
    return false;
  }
}

export async function processesIn(name: string): Promise<number[]> {
  const pids = await command('ip', ['netns', 'pids', name]);
  return pids.split('\n').filter(Boolean).map(Number);
}

/** kill -9 of every process in the namespace; returns when none is left. */
export async function killProcessesIn(name: string): Promise<void> {
  await waitFor(
    `processes in ${name} to die`,
    async () => {
      const pids = await processesIn(name);
      for (const pid of pids) killIfAlive(pid);
      return pids.length === 0;
    },
    { withinMs: 30_000, everyMs: 5 },
  );
}

function killIfAlive(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Removes a namespace with everything in it: its processes, links and rules. One that is gone already is fine. */
export async function removeNamespace(name: string): Promise<void> {
  if (!(await namespaceExists(name))) return;
  await killProcessesIn(name);
  await command('ip', ['netns', 'delete', name]);
}
