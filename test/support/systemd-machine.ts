import { type ChildProcessByStdio, execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { vi } from 'vitest';
import type { ResourceState } from '../../src/resources/resource-adapter.ts';
import type { AdapterOrder } from './adapter-calls.ts';
import { missingPrograms } from './describe-where.ts';
import { withFolderLock } from './localstack-install.ts';
import { podman, tryPodman } from './podman.ts';

const run = promisify(execFile);
const ROOT = new URL('../..', import.meta.url).pathname.replace(/\/$/, '');
const PACKAGES = ['systemd', 'systemd-sysv', 'dbus', 'procps', 'nginx-light', 'haproxy'];
const BUILD_TIMEOUT_MS = 480_000;
const CAP_SYS_ADMIN = 1n << 21n;
/** Above what a unit may take to stop, and a script of user data on a busy machine. */
const COMMAND_TIMEOUT_MS = 200_000;
const BOOT = { timeout: 120_000, interval: 100 };
/** What says why a machine hangs: what systemd waits for, what it runs, and the newest entries of the journal. */
const LAST_WORDS = [
  'timeout 10 systemctl --no-pager list-jobs',
  'timeout 10 systemctl --no-pager list-units --failed',
  'timeout 10 journalctl --no-pager --output=short-precise --lines=60',
].join('; ');
const LAST_WORDS_TIMEOUT_MS = 40_000;

export function missingForSystemd(): string | null {
  if (process.getuid?.() !== 0) return 'a machine with systemd needs root: sudo npm test';
  if (!mayMount()) {
    return 'a machine with systemd needs CAP_SYS_ADMIN: run this on a machine or in a privileged container';
  }
  return missingPrograms({ podman: 'podman', runc: 'runc', debootstrap: 'debootstrap' });
}

/** Root of an unprivileged container may not. */
function mayMount(): boolean {
  const [, set = '0'] = /^CapEff:\s*(\w+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return (BigInt(`0x${set}`) & CAP_SYS_ADMIN) !== 0n;
}

export interface MachineOptions {
  /**
   * `host`: the loopback addresses of this machine, where a test has its AWS; `ns:/run/netns/…`: that namespace.
   * Left out: no network.
   */
  readonly network?: 'none' | 'host' | `ns:${string}`;
  /** What its Debian has beside systemd, nginx and haproxy. */
  readonly packages?: readonly string[];
  readonly hostname?: string;
  /** What its disk has at the first boot, by path. */
  readonly files?: Readonly<Record<string, string>>;
  /** Left out, it has booted when `start` is through. */
  readonly waitForBoot?: boolean;
  /** `second`: control groups of version 2 alone, as on any system of today, also where this machine still has both. */
  readonly cgroups?: 'as here' | 'second';
}

/** Where version 2 is beside version 1. */
const UNIFIED = '/sys/fs/cgroup/unified';

/** A Debian with systemd as process 1, in a container, with this repository read-only. */
export class SystemdMachine {
  readonly #container: string;
  #caller: ChildProcessByStdio<Writable, Readable, null> | null = null;
  #answers: AsyncIterator<string> | null = null;

  /** The control groups of a machine that has only the second version; null: podman sees to them. */
  readonly #cgroups: string | null;

  private constructor(container: string, cgroups: string | null) {
    this.#container = container;
    this.#cgroups = cgroups;
  }

  static async start(wanted: MachineOptions = {}): Promise<SystemdMachine> {
    const { network = 'none', packages = [], hostname, files = {}, waitForBoot = true } = wanted;
    const { cgroups = 'as here' } = wanted;
    const image = await machineImage(packages);
    const folder =
      cgroups === 'second' && existsSync(UNIFIED) ? mkdtempSync(join(UNIFIED, 'machine-')) : null;
    const systemd = folder === null ? ['--systemd=always'] : onlySecond(folder);
    const options = ['--runtime', 'runc', 'create', '--network', network, ...systemd];
    if (hostname !== undefined) options.push('--hostname', hostname);
    // The limits of a machine that is itself a container are often below podman's own.
    const limits = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1000:1000', '--cap-add', 'SYS_NICE'];
    const mount = ['--volume', `${ROOT}:${ROOT}:ro`];
    const { stdout } = await podman([...options, ...limits, ...mount, image, '/sbin/init']);
    const machine = new SystemdMachine(stdout.trim(), folder);
    try {
      await machine.#fill(files);
      await machine.powerOn();
      if (waitForBoot) await machine.#hasBooted();
    } catch (error) {
      await machine.end();
      throw error;
    }
    return machine;
  }

  async #hasBooted(): Promise<void> {
    let answer = 'nothing';
    const isUp = async () => {
      const { stdout, stderr } = await this.run('systemctl', 'is-system-running');
      answer = `${stdout}${stderr}`.trim();
      return /^(running|degraded)$/.test(answer);
    };
    await vi.waitUntil(isUp, BOOT).catch(async () => {
      const lastWords = await this.lastWords();
      throw new Error(`not booted within ${BOOT.timeout / 1_000} s: systemd says "${answer}"\n${lastWords}`);
    });
  }

  /** Boots it, for the first time or again; returns at once. */
  async powerOn(): Promise<void> {
    await podman(['--runtime', 'runc', 'start', this.#container]);
  }

  /** A power cut. */
  async powerOff(): Promise<void> {
    await podman(['kill', this.#container]);
    await podman(['wait', this.#container]);
  }

  /** For a failure that does not explain itself. Never throws, and comes to an end on a machine that hangs. */
  async lastWords(): Promise<string> {
    const inside = await tryPodman(['exec', this.#container, 'sh', '-c', LAST_WORDS], LAST_WORDS_TIMEOUT_MS);
    if (!inside.timedOut && inside.stdout !== '') return `${inside.stdout}${inside.stderr}`;
    const state = '{{.State.Status}}, exit code {{.State.ExitCode}}';
    const outside = [
      await tryPodman(['inspect', '--format', state, this.#container], LAST_WORDS_TIMEOUT_MS),
      await tryPodman(['logs', '--tail', '60', this.#container], LAST_WORDS_TIMEOUT_MS),
    ];
    return [inside, ...outside].map(({ stdout, stderr }) => `${stdout}${stderr}`).join('');
  }

  async #fill(files: Readonly<Record<string, string>>): Promise<void> {
    if (Object.keys(files).length === 0) return;
    const folder = await mkdtemp(join(tmpdir(), 'eipkeeper-disk-'));
    try {
      for (const [path, text] of Object.entries(files)) {
        await mkdir(dirname(join(folder, path)), { recursive: true });
        await writeFile(join(folder, path), text);
      }
      await podman(['cp', `${folder}/.`, `${this.#container}:/`]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Never throws: the exit code is part of the answer. -1: it hung, and `stderr` ends with the last words. */
  async run(...command: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    const { code, stdout, stderr, timedOut } = await tryPodman(
      ['exec', this.#container, ...command],
      COMMAND_TIMEOUT_MS,
    );
    return { code, stdout, stderr: timedOut ? `${stderr}${await this.lastWords()}` : stderr };
  }

  async #mustRun(...command: readonly string[]): Promise<void> {
    const { code, stderr } = await this.run(...command);
    if (code !== 0) throw new Error(`"${command.join(' ')}" ended with ${code}: ${stderr}`);
  }

  /** Writes a unit below /etc/systemd/system and makes systemd read it. */
  async unit(name: string, text: string): Promise<void> {
    await this.write(`/etc/systemd/system/${name}`, text);
    await this.#mustRun('systemctl', 'daemon-reload');
  }

  async write(path: string, text: string): Promise<void> {
    await this.#mustRun('sh', '-c', 'printf %s "$2" > "$1"', 'sh', path, text);
  }

  /** Calls on a resource as a daemon in this machine would make them. */
  async call(order: AdapterOrder): Promise<readonly ResourceState[]> {
    const node = join(ROOT, 'node_modules/node/bin/node');
    const program = join(ROOT, 'test/support/adapter-calls.ts');
    this.#caller ??= spawn('podman', ['exec', '--interactive', this.#container, node, program], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#answers ??= createInterface(this.#caller.stdout)[Symbol.asyncIterator]();
    this.#caller.stdin.write(`${JSON.stringify(order)}\n`);
    const { done, value } = await this.#inTime(this.#answers.next());
    if (done === true) throw new Error('the calls ended before their answer');
    return JSON.parse(value) as readonly ResourceState[];
  }

  async #inTime<T>(answer: Promise<T>): Promise<T> {
    const over = new AbortController();
    const never = sleep(COMMAND_TIMEOUT_MS, undefined, { signal: over.signal }).then(async () => {
      throw new Error(`no answer within ${COMMAND_TIMEOUT_MS / 1_000} s\n${await this.lastWords()}`);
    });
    try {
      return await Promise.race([answer, never]);
    } finally {
      never.catch(() => {});
      over.abort();
    }
  }

  async end(): Promise<void> {
    this.#caller?.stdin.end();
    await podman(['rm', '--force', '--ignore', '--time', '0', this.#container]);
    if (this.#cgroups !== null) await removeCgroups(this.#cgroups);
  }
}

/** What podman does for systemd, with other control groups. */
const onlySecond = (folder: string): string[] => [
  ...[
    '--systemd=false',
    '--privileged',
    '--env',
    'container=podman',
    '--volume',
    `${folder}:/sys/fs/cgroup:rw`,
  ],
  ...['--tmpfs', '/run', '--tmpfs', '/run/lock', '--tmpfs', '/tmp'],
];

/** From the innermost on; what ended a moment ago may still be in one. */
const removeCgroups = (folder: string): Promise<void> =>
  vi.waitFor(
    async () => void (await run('find', [folder, '-depth', '-type', 'd', '-exec', 'rmdir', '{}', '+'])),
    {
      timeout: 10_000,
    },
  );

/** The name of an image with systemd and these packages of Debian too. Made once: podman keeps it. */
export async function machineImage(morePackages: readonly string[] = []): Promise<string> {
  const base = imageOf(PACKAGES);
  await onceMade(base, () => bootstrap(base));
  if (morePackages.length === 0) return base;
  const image = imageOf([...PACKAGES, ...morePackages]);
  await onceMade(image, () => extend(base, image, morePackages));
  return image;
}

const imageOf = (packages: readonly string[]): string => {
  const digest = createHash('sha256').update(packages.join()).digest('hex').slice(0, 12);
  return `localhost/eipkeeper-systemd:${digest}`;
};

async function onceMade(image: string, make: () => Promise<void>): Promise<void> {
  await withFolderLock(join(tmpdir(), 'eipkeeper-systemd-image.lock'), async () => {
    if (await hasImage(image)) return;
    console.error(`making ${image} (once; about a minute)`);
    await make();
  });
}

const BUILD = { timeout: BUILD_TIMEOUT_MS, maxBuffer: 16 * 2 ** 20 };

async function bootstrap(image: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'eipkeeper-systemd-'));
  try {
    const include = `--include=${PACKAGES.join()}`;
    await run('debootstrap', ['--variant=minbase', include, 'bookworm', folder], BUILD);
    await run('systemctl', ['--root', folder, 'disable', 'nginx.service', 'haproxy.service'], BUILD);
    await run('sh', ['-c', 'tar -C "$1" -c . | podman import - "$2"', 'sh', folder, image], BUILD);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** By apt: debootstrap does not install what needs much else. */
async function extend(base: string, image: string, packages: readonly string[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'eipkeeper-systemd-'));
  const install = `apt-get update && apt-get install -y --no-install-recommends ${packages.join(' ')} && apt-get clean`;
  try {
    await writeFile(
      join(folder, 'Dockerfile'),
      `FROM ${base}\nRUN export DEBIAN_FRONTEND=noninteractive; ${install}\n`,
    );
    const build = ['--runtime', 'runc', 'build', '--network', 'host', '--tag', image, folder];
    await podman(build, BUILD_TIMEOUT_MS);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const hasImage = async (image: string): Promise<boolean> =>
  (await tryPodman(['image', 'exists', image])).code === 0;
