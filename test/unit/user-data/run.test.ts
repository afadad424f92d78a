import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { UserDataInput } from '../../../src/user-data/input.ts';
import { userDataScript } from '../../../src/user-data/script.ts';

/**
 * The script as a shell runs it, with its /etc in a folder of the test's and every program that would change
 * the machine replaced by one that writes down how it was called.
 */
const CHANGING = ['apt-get', 'dnf', 'aws', 'curl', 'npm', 'systemctl', 'eipkeeper', 'nginx'];
const BASE: UserDataInput = {
  package: { kind: 'url', url: 'https://h/eipkeeper.deb' },
  configuration: { kind: 'inline', text: 'cluster: web\n# $HOME stays as it is\n' },
  generateKey: { parameter: '/eipkeeper/web/key', kmsKeyId: 'alias/mine' },
  nginx: true,
  waitSeconds: 60,
  signalUrl: 'https://handle/?a=b&c=d',
};

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'eipkeeper-user-data-'));
  await mkdir(join(root, 'bin'));
  await mkdir(join(root, 'etc'));
  await writeFile(join(root, 'etc/os-release'), 'ID=debian\nPRETTY_NAME="Debian 12"\n');
  for (const name of CHANGING) await program(name, 'exit 0');
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** A program that writes down its call, and the body of the signal before it is removed. */
async function program(name: string, body: string): Promise<void> {
  const path = join(root, 'bin', name);
  const record = `echo "${name} $*" >> '${root}/calls'
for word; do case $word in @*) cp "\${word#@}" '${root}/signal' ;; esac; done`;
  await writeFile(path, `#!/bin/sh\n${record}\n${body}\n`);
  await chmod(path, 0o755);
}

function run(input: UserDataInput = BASE): Promise<{ code: number; output: string }> {
  const script = userDataScript(input)
    .replaceAll('/etc/', `${root}/etc/`)
    .replace('export PATH="', `export PATH="${root}/bin:`);
  return new Promise((resolve) => {
    const child = execFile('sh', { encoding: 'utf8' }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, output: stdout + stderr });
    });
    child.stdin?.end(script);
  });
}

const calls = async () => (await readFile(join(root, 'calls'), 'utf8')).trimEnd().split('\n');
const signal = async () => JSON.parse(await readFile(join(root, 'signal'), 'utf8')) as Record<string, string>;

describe('the script, run', () => {
  it('installs, writes the configuration, makes the key, starts, waits and tells CloudFormation', async () => {
    const { code, output } = await run();
    expect(output).toContain('user data ended with 0: this node is ready');
    expect(code).toBe(0);
    const done = (await calls()).map((call) =>
      call.replace(/\S*\/eipkeeper\.deb/, 'FILE').replaceAll(root, ''),
    );
    expect(done).toEqual([
      'systemctl disable nginx.service',
      'curl -sS --fail --location --retry 5 --retry-connrefused --output FILE https://h/eipkeeper.deb',
      'apt-get -o DPkg::Lock::Timeout=300 update',
      'apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends FILE',
      'eipkeeper config check /etc/eipkeeper/eipkeeper.yaml',
      'eipkeeper keygen --ssm /eipkeeper/web/key --kms-key alias/mine',
      'systemctl daemon-reload',
      'systemctl is-active --quiet eipkeeper.service',
      'systemctl reload eipkeeper.service',
      'systemctl enable --now eipkeeper.service',
      'eipkeeper doctor --wait --config /etc/eipkeeper/eipkeeper.yaml',
      expect.stringMatching(/^curl .*--request PUT .*https:\/\/handle\/\?a=b&c=d$/),
    ]);
    expect(await signal()).toMatchObject({ Status: 'SUCCESS', Data: '0' });
    expect(await readFile(join(root, 'etc/eipkeeper/eipkeeper.yaml'), 'utf8')).toBe(
      'cluster: web\n# $HOME stays as it is\n',
    );
  });

  it('stops nothing and ends the same when it runs again', async () => {
    await run();
    const first = await calls();
    await rm(join(root, 'calls'));
    expect((await run()).code).toBe(0);
    const withoutFolders = (list: readonly string[]) =>
      list.map((call) => call.replace(/\S*\/tmp\.\w+/g, ''));
    expect(withoutFolders(await calls())).toEqual(withoutFolders(first));
    expect(first.join('\n')).not.toMatch(/systemctl (stop|restart)|--now nginx/);
  });

  it('points the unit at a parameter', async () => {
    await run({ ...BASE, configuration: { kind: 'ssm', parameter: '/eipkeeper/web/config' } });
    const dropIn = join(root, 'etc/systemd/system/eipkeeper.service.d/10-user-data.conf');
    expect(await readFile(dropIn, 'utf8')).toBe(
      '[Service]\nEnvironment="EIPKEEPER_CONFIG=ssm:/eipkeeper/web/config"\n',
    );
    expect(await calls()).toContain('eipkeeper doctor --wait --config ssm:/eipkeeper/web/config');
  });

  it('uses dnf and the aws command on Amazon Linux', async () => {
    await writeFile(join(root, 'etc/os-release'), 'ID="amzn"\nID_LIKE="fedora"\n');
    await run({ ...BASE, package: { kind: 's3', bucket: 'b', key: 'e.rpm' } });
    const all = (await calls()).join('\n');
    expect(all).toMatch(/^aws s3 cp --only-show-errors s3:\/\/b\/e\.rpm \S+\/eipkeeper\.rpm$/m);
    expect(all).toMatch(/^dnf install -y \S+\/eipkeeper\.rpm$/m);
  });

  it('refuses a package with another SHA-256, and says so to CloudFormation', async () => {
    await program('curl', 'while [ $# -gt 1 ]; do [ "$1" != --output ] || echo other > "$2"; shift; done');
    const source = { kind: 'url', url: 'https://h/e.deb', sha256: '0'.repeat(64) } as const;
    const { code } = await run({ ...BASE, package: source });
    expect(code).toBe(1);
    expect(await signal()).toMatchObject({ Status: 'FAILURE', Data: '1' });
    expect((await calls()).join('\n')).not.toContain('apt-get');
  });

  it('ends with the exit code and the last words of what failed', async () => {
    await program('eipkeeper', '[ "$1" != doctor ] || { echo "ok"; echo \'no "way" to EC2\' >&2; exit 69; }');
    const { code, output } = await run();
    expect(code).toBe(69);
    const told = await signal();
    expect(told).toMatchObject({ Status: 'FAILURE', Data: '69' });
    expect(told.Reason).toMatch(/waiting until the node is fit to serve failed with 69: no way to EC2$/);
    expect(output).toContain('user data ended with 69: waiting until the node is fit to serve failed');
  });

  it('ends on a system that it does not know', async () => {
    await writeFile(join(root, 'etc/os-release'), 'ID=plan9\nPRETTY_NAME="Plan 9"\n');
    const { code, output } = await run();
    expect(code).toBe(1);
    expect(output).toContain('Plan 9 is not supported');
  });

  it('keeps its result when CloudFormation cannot be told', async () => {
    await program('curl', '[ "$2" = "--fail" ] && case "$*" in *PUT*) exit 22 ;; esac; exit 0');
    const { code, output } = await run();
    expect(code).toBe(0);
    expect(output).toContain('CloudFormation could not be told');
  });
});
