import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, type TestContext } from 'vitest';
import { installLocalStack, isAlive, withFolderLock } from './localstack-install.ts';

const run = promisify(execFile);
const READY_TIMEOUT_MS = 90_000;
const DOCKER_IMAGE = 'localstack/localstack:4.13.1';
/** Set by `setup`: where the instance that all files of one test run share is written down. */
const RUN_FOLDER = 'EIPKEEPER_LOCALSTACK_RUN';
/** The process that runs the tests, and ends what they started. */
const RUN_OWNER = 'EIPKEEPER_LOCALSTACK_OWNER';

/** Runs LocalStack's main, and ends it when the test run that wanted it is gone, however that ended. */
const LAUNCHER = `
import os, runpy, threading, time
def watch(pid):
    while True:
        time.sleep(1)
        try: os.kill(pid, 0)
        except ProcessLookupError: os._exit(0)
threading.Thread(target=watch, args=(int(os.environ["EIPKEEPER_WATCH_PID"]),), daemon=True).start()
runpy.run_module("localstack.runtime.main", run_name="__main__", alter_sys=True)
`;

export type LocalStack =
  | {
      readonly status: 'ready';
      readonly endpoint: string;
      readonly pid?: number;
      readonly container?: string;
    }
  | { readonly status: 'missing'; readonly reason: string };

/**
 * For vitest's globalSetup: lets all files of the run share one instance, started by the first that needs it.
 * Several projects of one run may name it.
 */
export async function setup(): Promise<void> {
  if (process.env[RUN_OWNER] === String(process.pid)) return;
  process.env[RUN_OWNER] = String(process.pid);
  process.env[RUN_FOLDER] = await mkdtemp(join(tmpdir(), 'eipkeeper-localstack-'));
}

/** For vitest's globalSetup: ends what the run started. */
export async function teardown(): Promise<void> {
  const folder = process.env[RUN_FOLDER];
  if (folder === undefined || process.env[RUN_OWNER] !== String(process.pid)) return;
  delete process.env[RUN_FOLDER];
  delete process.env[RUN_OWNER];
  const known = await readFile(join(folder, 'instance.json'), 'utf8').catch(() => null);
  if (known !== null) await stopLocalStack(JSON.parse(known) as LocalStack);
  await rm(folder, { recursive: true, force: true });
}

/**
 * LocalStack for the tests of one file. When it cannot be had the tests skip with a one-line reason, and fail
 * instead when EIPKEEPER_NO_SKIP=1. Call it at the top of a `describe`; read `endpoint` inside tests and hooks.
 */
export function useLocalStack(): {
  readonly endpoint: string;
  /** '' or the reason for which tests are skipped. */
  readonly missing: string;
  skipIfMissing(context: TestContext): void;
} {
  let found: LocalStack = { status: 'missing', reason: 'LocalStack was not looked for yet' };
  beforeAll(async () => {
    found = await sharedLocalStack();
    if (found.status === 'missing') {
      if (process.env.EIPKEEPER_NO_SKIP === '1') throw new Error(found.reason);
      console.error(`skipped: ${found.reason}`);
    }
  }, 600_000);
  afterAll(async () => {
    if (process.env[RUN_FOLDER] === undefined) await stopLocalStack(found);
  }, 30_000);
  return {
    get endpoint() {
      return found.status === 'ready' ? found.endpoint : '';
    },
    get missing() {
      return found.status === 'missing' ? found.reason : '';
    },
    skipIfMissing(context) {
      if (found.status === 'missing') context.skip(found.reason);
    },
  };
}

async function sharedLocalStack(): Promise<LocalStack> {
  const folder = process.env[RUN_FOLDER];
  if (folder === undefined) return startLocalStack(tmpdir(), process.pid);
  return withFolderLock(join(folder, 'lock'), async () => {
    const file = join(folder, 'instance.json');
    if (existsSync(file)) return JSON.parse(await readFile(file, 'utf8')) as LocalStack;
    const instance = await startLocalStack(folder, Number(process.env[RUN_OWNER]));
    await writeFile(file, JSON.stringify(instance));
    return instance;
  });
}

/** A running one at AWS_ENDPOINT_URL, else our own from PyPI, else a container, else why none. */
export async function startLocalStack(logFolder: string, watchedPid: number): Promise<LocalStack> {
  const given = process.env.AWS_ENDPOINT_URL;
  if (given !== undefined && given !== '') {
    if (await isReady(given)) return { status: 'ready', endpoint: given };
    return { status: 'missing', reason: `AWS_ENDPOINT_URL is ${given}, where no LocalStack answers` };
  }
  const installed = await installLocalStack();
  if (installed.status === 'ready') return spawnLocalStack(installed.python, logFolder, watchedPid);
  return (await startContainer()) ?? installed;
}

async function spawnLocalStack(python: string, logFolder: string, watchedPid: number): Promise<LocalStack> {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const logPath = join(logFolder, `localstack-${port}.log`);
  const log = await open(logPath, 'w');
  const child = spawn(python, ['-c', LAUNCHER], {
    cwd: logFolder,
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      SERVICES: 'ec2,ssm,iam,sts,cloudformation,s3',
      DNS_ADDRESS: '0',
      GATEWAY_LISTEN: `127.0.0.1:${port}`,
      SKIP_SSL_CERT_DOWNLOAD: '1',
      DISABLE_EVENTS: '1',
      EIPKEEPER_WATCH_PID: String(watchedPid),
    },
  });
  child.unref();
  await log.close();
  const pid = child.pid;
  if (pid === undefined)
    return { status: 'missing', reason: `LocalStack did not start: ${python} cannot be run` };
  const deadlineMs = performance.now() + READY_TIMEOUT_MS;
  while (performance.now() < deadlineMs && child.exitCode === null) {
    if (await isReady(endpoint)) return { status: 'ready', endpoint, pid };
    await sleep(100);
  }
  await stopLocalStack({ status: 'ready', endpoint, pid });
  const lastLine = (await readFile(logPath, 'utf8')).trim().split('\n').at(-1) ?? '';
  return { status: 'missing', reason: `LocalStack did not become ready, its log ends: ${lastLine}` };
}

async function startContainer(): Promise<LocalStack | null> {
  try {
    await run('docker', ['info'], { timeout: 10_000 });
    const { stdout } = await run('docker', ['run', '-d', '--rm', '-p', '127.0.0.1:0:4566', DOCKER_IMAGE], {
      timeout: 300_000,
    });
    const container = stdout.trim();
    const { stdout: address } = await run('docker', ['port', container, '4566/tcp']);
    const endpoint = `http://${address.trim().split('\n')[0]}`;
    const deadlineMs = performance.now() + READY_TIMEOUT_MS;
    while (performance.now() < deadlineMs) {
      if (await isReady(endpoint)) return { status: 'ready', endpoint, container };
      await sleep(200);
    }
    await stopLocalStack({ status: 'ready', endpoint, container });
    return { status: 'missing', reason: 'the LocalStack container did not become ready' };
  } catch {
    return null;
  }
}

/** Ends an instance that `startLocalStack` started; one that was found running is left alone. */
export async function stopLocalStack(instance: LocalStack): Promise<void> {
  if (instance.status === 'missing') return;
  if (instance.container !== undefined) await run('docker', ['rm', '-f', instance.container]);
  const pid = instance.pid;
  if (pid === undefined || !isAlive(pid)) return;
  // Nothing it holds is worth an orderly end.
  process.kill(pid, 'SIGKILL');
}

async function isReady(endpoint: string): Promise<boolean> {
  try {
    const response = await fetch(`${endpoint}/_localstack/health`, { signal: AbortSignal.timeout(2000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
