import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const LOCK_FILE = new URL('localstack.lock', import.meta.url).pathname;
const INSTALL_TIMEOUT_MS = 480_000;

/** The interpreter of an installed LocalStack, or why there is none, in one line. */
export type Installed =
  | { readonly status: 'ready'; readonly python: string }
  | { readonly status: 'missing'; readonly reason: string };

/**
 * Installs LocalStack once per lock file into the user's cache. Two runs do not collide: the second waits for
 * the first. An installation that was interrupted has no mark and is made anew.
 */
export async function installLocalStack(): Promise<Installed> {
  const base = await findPython();
  if (base === null) {
    return {
      status: 'missing',
      reason: 'LocalStack needs python3 (3.10 to 3.13) with the venv module; none found',
    };
  }
  const hash = createHash('sha256')
    .update(await readFile(LOCK_FILE))
    .update(base.version)
    .digest('hex')
    .slice(0, 12);
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'eipkeeper');
  const folder = join(cache, `localstack-${hash}`);
  const mark = join(folder, 'complete');
  const python = join(folder, 'bin', 'python');
  if (existsSync(mark)) return { status: 'ready', python };
  await mkdir(cache, { recursive: true });
  return withFolderLock(`${folder}.lock`, async () => {
    if (existsSync(mark)) return { status: 'ready', python };
    try {
      await install(base.python, folder, python);
      await writeFile(mark, '');
      return { status: 'ready', python };
    } catch (error) {
      const lastLines = String(error).trim().split('\n').slice(-2).join(' ');
      return { status: 'missing', reason: `LocalStack could not be installed: ${lastLines}` };
    }
  });
}

async function install(base: string, folder: string, python: string): Promise<void> {
  const startedMs = performance.now();
  const seconds = () => Math.round((performance.now() - startedMs) / 1000);
  console.error(`installing LocalStack into ${folder} (once; about half a minute)`);
  const progress = setInterval(() => console.error(`still installing LocalStack: ${seconds()} s`), 20_000);
  try {
    await rm(folder, { recursive: true, force: true });
    await run(base, ['-m', 'venv', folder], { timeout: INSTALL_TIMEOUT_MS });
    const pip = [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--no-deps',
      '--disable-pip-version-check',
      '-r',
      LOCK_FILE,
    ];
    await run(python, pip, { timeout: INSTALL_TIMEOUT_MS, maxBuffer: 16 * 2 ** 20 });
  } finally {
    clearInterval(progress);
  }
}

async function findPython(): Promise<{ python: string; version: string } | null> {
  const probe =
    'import sys, venv, ensurepip; v = sys.version_info; print(v[0], v[1]); sys.exit(not (3, 10) <= v < (3, 14))';
  for (const python of ['python3', '/usr/bin/python3']) {
    try {
      const { stdout } = await run(python, ['-c', probe], { timeout: 20_000 });
      return { python, version: stdout.trim() };
    } catch {
      // This interpreter is absent, of another version, or (Debian) has no python3-venv: try the next.
    }
  }
  return null;
}

/** Holds `path` as a lock while `action` runs. A lock whose process died is taken over. */
export async function withFolderLock<T>(path: string, action: () => Promise<T>): Promise<T> {
  const deadlineMs = performance.now() + INSTALL_TIMEOUT_MS;
  while (!(await tryLock(path))) {
    if (performance.now() > deadlineMs)
      throw new Error(`waited too long for the lock ${path}: remove it by hand`);
    await sleep(200);
  }
  try {
    return await action();
  } finally {
    await rm(path, { force: true });
  }
}

async function tryLock(path: string): Promise<boolean> {
  try {
    await writeFile(path, String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    const holder = Number(await readFile(path, 'utf8').catch(() => ''));
    // An empty file is one that its maker has not written yet.
    if (holder > 0 && !isAlive(holder)) await rm(path, { force: true });
    return false;
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
