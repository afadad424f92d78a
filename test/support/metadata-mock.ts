import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const MODULE = 'github.com/aws/amazon-ec2-metadata-mock';
const VERSION = 'v1.12.0';
/** With what its module needs; built once into the user's cache, half a minute on two cores. */
const BUILD_TIMEOUT_MS = 300_000;

/**
 * AWS's own metadata mock: EIPKEEPER_METADATA_MOCK, `ec2-metadata-mock` in PATH, or built once where Go 1.21 or
 * newer is installed. Else '' and the reason in one line.
 */
export async function findMetadataMock(): Promise<{ readonly program: string; readonly reason: string }> {
  const given = process.env.EIPKEEPER_METADATA_MOCK ?? inPath('ec2-metadata-mock');
  if (given !== '') return { program: given, reason: '' };
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'eipkeeper');
  const program = join(cache, `ec2-metadata-mock-${VERSION}`);
  if (existsSync(program)) return { program, reason: '' };
  const version = await goVersion();
  if (version < 1.21) return { program: '', reason: `needs ec2-metadata-mock, or Go 1.21 to build it` };
  try {
    await mkdir(cache, { recursive: true });
    await build(program);
    return { program, reason: '' };
  } catch (error) {
    const lastLine = String(error).trim().split('\n').at(-1);
    return { program: '', reason: `ec2-metadata-mock could not be built: ${lastLine}` };
  }
}

const inPath = (name: string): string =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path)) ?? '';

async function goVersion(): Promise<number> {
  try {
    const { stdout } = await run('go', ['version'], { timeout: 20_000 });
    const [, minor] = /go1\.(\d+)/.exec(stdout) ?? [];
    return minor === undefined ? 0 : 1 + Number(minor) / 100;
  } catch {
    return 0;
  }
}

/** `go install …@version` refuses it (its go.mod replaces), a module of one's own does not. */
async function build(program: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'metadata-mock-'));
  const options = { cwd: folder, timeout: BUILD_TIMEOUT_MS, env: { ...process.env, GOFLAGS: '-mod=mod' } };
  console.error('building the metadata mock of AWS (once; about half a minute)');
  try {
    writeFileSync(join(folder, 'go.mod'), `module mock\n\ngo 1.21\n\nrequire ${MODULE} ${VERSION}\n`);
    writeFileSync(join(folder, 'tools.go'), `//go:build tools\n\npackage mock\n\nimport _ "${MODULE}/cmd"\n`);
    await run('go', ['mod', 'tidy'], options);
    await run('go', ['build', '-o', `${program}.new`, `${MODULE}/cmd`], options);
    await rename(`${program}.new`, program);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The mock on a port of its own, IMDSv2 only; resolves when it answers. */
export async function startMetadataMock(
  program: string,
  args: readonly string[],
): Promise<{ readonly endpoint: string; close(): Promise<void> }> {
  const port = await freePort();
  const home = mkdtempSync(join(tmpdir(), 'metadata-mock-'));
  const child = spawn(program, [...args, '--imdsv2', '--hostname', '127.0.0.1', '--port', String(port)], {
    env: { ...process.env, HOME: home },
    stdio: 'ignore',
  });
  const endpoint = `http://127.0.0.1:${port}`;
  const close = async () => {
    await end(child);
    rmSync(home, { recursive: true, force: true });
  };
  const deadlineMs = performance.now() + 20_000;
  while (!(await answers(endpoint))) {
    if (child.exitCode === null && performance.now() < deadlineMs) continue;
    await close();
    throw new Error(`${program} did not come up (exit code ${child.exitCode})`);
  }
  return { endpoint, close };
}

async function answers(endpoint: string): Promise<boolean> {
  const response = await fetch(`${endpoint}/latest/api/token`, {
    method: 'PUT',
    headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '60' },
  }).catch(() => null);
  await response?.text();
  if (response === null) await new Promise((resolve) => setTimeout(resolve, 50));
  return response?.ok === true;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
