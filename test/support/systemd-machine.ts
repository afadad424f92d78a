import { type ChildProcessByStdio, execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { promisify } from 'node:util';
import { vi } from 'vitest';
import type { ResourceState } from '../../src/resources/resource-adapter.ts';
import type { AdapterOrder } from './adapter-calls.ts';
import { missingPrograms } from './describe-where.ts';
import { withFolderLock } from './localstack-install.ts';

const run = promisify(execFile);
const ROOT = new URL('../..', import.meta.url).pathname.replace(/\/$/, '');
const PACKAGES = ['systemd', 'systemd-sysv', 'dbus', 'procps', 'nginx-light', 'haproxy'];
const BUILD_TIMEOUT_MS = 480_000;
/** Above what a unit may take to stop. */
const COMMAND_TIMEOUT_MS = 90_000;

export function missingForSystemd(): string | null {
  if (process.getuid?.() !== 0) return 'a machine with systemd needs root: sudo npm test';
  return missingPrograms({ podman: 'podman', runc: 'runc', debootstrap: 'debootstrap' });
}

export interface MachineOptions {
  /** `host`: the loopback addresses of this machine, where a test has its AWS. Left out: no network. */
  readonly network?: 'none' | 'host';
}

/** A Debian with systemd as process 1, in a container, with this repository read-only. */
export class SystemdMachine {
  readonly #container: string;
  #caller: ChildProcessByStdio<Writable, Readable, null> | null = null;
  #answers: AsyncIterator<string> | null = null;

  private constructor(container: string) {
    this.#container = container;
  }

  static async start({ network = 'none' }: MachineOptions = {}): Promise<SystemdMachine> {
    const image = await machineImage();
    const options = [
      '--runtime',
      'runc',
      'run',
      '--detach',
      '--rm',
      '--network',
      network,
      '--systemd=always',
    ];
    // The limits of a machine that is itself a container are often below podman's own.
    const limits = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1000:1000', '--cap-add', 'SYS_NICE'];
    const mount = ['--volume', `${ROOT}:${ROOT}:ro`];
    const { stdout } = await run('podman', [...options, ...limits, ...mount, image, '/sbin/init']);
    const machine = new SystemdMachine(stdout.trim());
    try {
      await vi.waitUntil(() => machine.#isUp(), { timeout: 60_000, interval: 100 });
    } catch (error) {
      await machine.end();
      throw error;
    }
    return machine;
  }

  async #isUp(): Promise<boolean> {
    const { stdout } = await this.run('systemctl', 'is-system-running');
    return /^(running|degraded)$/.test(stdout.trim());
  }

  /** Never throws: the exit code is part of the answer. */
  async run(...command: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    try {
      const { stdout, stderr } = await run('podman', ['exec', this.#container, ...command], {
        timeout: COMMAND_TIMEOUT_MS,
        maxBuffer: 16 * 2 ** 20,
      });
      return { code: 0, stdout, stderr };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: unknown; stdout: string; stderr: string };
      return { code: typeof code === 'number' ? code : -1, stdout, stderr };
    }
  }

  /** Writes a unit below /etc/systemd/system and makes systemd read it. */
  async unit(name: string, text: string): Promise<void> {
    await this.write(`/etc/systemd/system/${name}`, text);
    await this.run('systemctl', 'daemon-reload');
  }

  async write(path: string, text: string): Promise<void> {
    await this.run('sh', '-c', 'printf %s "$2" > "$1"', 'sh', path, text);
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
    const { done, value } = await this.#answers.next();
    if (done === true) throw new Error('the calls ended before their answer');
    return JSON.parse(value) as readonly ResourceState[];
  }

  async end(): Promise<void> {
    this.#caller?.stdin.end();
    await run('podman', ['rm', '--force', '--ignore', '--time', '0', this.#container]);
  }
}

/** The name of an image with systemd and these packages of Debian too. Made once: podman keeps it. */
export async function machineImage(morePackages: readonly string[] = []): Promise<string> {
  const packages = [...PACKAGES, ...morePackages].join();
  const digest = createHash('sha256').update(packages).digest('hex').slice(0, 12);
  const image = `localhost/eipkeeper-systemd:${digest}`;
  await withFolderLock(join(tmpdir(), 'eipkeeper-systemd-image.lock'), async () => {
    if (await hasImage(image)) return;
    console.error(`making ${image} (once; about a minute)`);
    const folder = await mkdtemp(join(tmpdir(), 'eipkeeper-systemd-'));
    const options = { timeout: BUILD_TIMEOUT_MS, maxBuffer: 16 * 2 ** 20 };
    try {
      const include = `--include=${packages}`;
      await run('debootstrap', ['--variant=minbase', include, 'bookworm', folder], options);
      await run('systemctl', ['--root', folder, 'disable', 'nginx.service', 'haproxy.service'], options);
      await run('sh', ['-c', 'tar -C "$1" -c . | podman import - "$2"', 'sh', folder, image], options);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
  return image;
}

const hasImage = (image: string): Promise<boolean> =>
  run('podman', ['image', 'exists', image]).then(
    () => true,
    () => false,
  );
