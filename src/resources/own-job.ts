import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';

export interface OwnJobOptions {
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Of this process, as in /proc/self/cgroup. */
  readonly readCgroup?: () => Promise<string>;
  /** The standard output of a command; '' when it failed. */
  readonly run?: (command: readonly string[]) => Promise<string>;
}

/** systemd answers in milliseconds; nothing may wait long for a machine that is too busy for that. */
const ASK_AT_MOST_MS = 1_000;

/**
 * What systemd is doing with the unit that this process is: "restart" for `systemctl restart` and the upgrade of a
 * package, "stop" for `systemctl stop` and the end of the machine; null when it does nothing, this is no service of
 * systemd, or there is no answer. SIGTERM alone does not tell.
 */
export async function ownJob(options: OwnJobOptions = {}): Promise<string | null> {
  const { environment = process.env, readCgroup = readOwnCgroup, run = outputOf } = options;
  if (environment.INVOCATION_ID === undefined) return null;
  const unit = unitOf(await readCgroup().catch(() => ''));
  if (unit === null) return null;
  const jobs = await run(['systemctl', 'list-jobs', '--no-legend', '--plain', unit]);
  const own = jobs
    .split('\n')
    .map((job) => job.trim().split(/\s+/))
    .find(([, name]) => name === unit);
  return own?.[2] ?? null;
}

const readOwnCgroup = (): Promise<string> => readFile('/proc/self/cgroup', 'utf8');

/** "0::/system.slice/eipkeeper.service", or with the older hierarchies "1:name=systemd:/system.slice/…". */
function unitOf(cgroup: string): string | null {
  return /^(?:0:|\d+:name=systemd):\/.*?([^/\n]+\.service)(?:\/|$)/m.exec(cgroup)?.[1] ?? null;
}

function outputOf([program = '', ...words]: readonly string[]): Promise<string> {
  const options = { timeout: ASK_AT_MOST_MS, killSignal: 'SIGKILL' } as const;
  return new Promise((resolve) => {
    execFile(program, words, options, (error, stdout) => resolve(error === null ? stdout : ''));
  });
}
