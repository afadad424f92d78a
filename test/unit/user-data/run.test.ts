import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { UserDataInput } from '../../../src/user-data/input.ts';
import { userDataScript } from '../../../src/user-data/script.ts';
import { ScriptRoot } from '../../support/script-root.ts';

const CHANGING = ['apt-get', 'dnf', 'aws', 'curl', 'npm', 'systemctl', 'eipkeeper', 'nginx'];
const BASE: UserDataInput = {
  package: { kind: 'url', url: 'https://h/eipkeeper.deb' },
  configuration: { kind: 'inline', text: 'cluster: web\n# $HOME stays as it is\n' },
  generateKey: { parameter: '/eipkeeper/web/key', kmsKeyId: 'alias/mine' },
  nginx: true,
  waitSeconds: 60,
  signalUrl: 'https://handle/?a=b&c=d',
};

let root: ScriptRoot;
beforeEach(async () => {
  root = await ScriptRoot.create(CHANGING);
});
afterEach(() => root.remove());

const run = (input: UserDataInput = BASE) => root.run(userDataScript(input));

describe('the script, run', () => {
  it('installs, writes the configuration, makes the key, starts, waits and tells CloudFormation', async () => {
    const { code, output } = await run();
    expect(output).toContain('user data ended with 0: this node is ready');
    expect(code).toBe(0);
    const done = (await root.takeCalls()).map((call) =>
      call.replace(/\S*\/eipkeeper\.deb/, 'FILE').replaceAll(root.folder, ''),
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
      'eipkeeper doctor --wait 60s --config /etc/eipkeeper/eipkeeper.yaml',
      expect.stringMatching(/^curl .*--request PUT .*https:\/\/handle\/\?a=b&c=d$/),
    ]);
    expect(await root.signal()).toMatchObject({ Status: 'SUCCESS', Data: '0' });
    expect(await readFile(root.path('etc/eipkeeper/eipkeeper.yaml'), 'utf8')).toBe(
      'cluster: web\n# $HOME stays as it is\n',
    );
  });

  it('stops nothing and ends the same when it runs again', async () => {
    await run();
    const first = await root.takeCalls();
    expect((await run()).code).toBe(0);
    const withoutFolders = (list: readonly string[]) =>
      list.map((call) => call.replace(/\S*\/tmp\.\w+/g, ''));
    expect(withoutFolders(await root.takeCalls())).toEqual(withoutFolders(first));
    expect(first.join('\n')).not.toMatch(/systemctl (stop|restart)|--now nginx/);
  });

  it('points the unit at a parameter', async () => {
    await run({ ...BASE, configuration: { kind: 'ssm', parameter: '/eipkeeper/web/config' } });
    const dropIn = root.path('etc/systemd/system/eipkeeper.service.d/10-user-data.conf');
    expect(await readFile(dropIn, 'utf8')).toBe(
      '[Service]\nEnvironment="EIPKEEPER_CONFIG=ssm:/eipkeeper/web/config"\n',
    );
    expect(await root.takeCalls()).toContain(
      'eipkeeper doctor --wait 60s --config ssm:/eipkeeper/web/config',
    );
  });

  it('uses dnf and the aws command on Amazon Linux', async () => {
    await root.system('ID="amzn"\nID_LIKE="fedora"\n');
    await run({ ...BASE, package: { kind: 's3', bucket: 'b', key: 'e.rpm' } });
    const all = (await root.takeCalls()).join('\n');
    expect(all).toMatch(/^aws s3 cp --only-show-errors s3:\/\/b\/e\.rpm \S+\/eipkeeper\.rpm$/m);
    expect(all).toMatch(/^dnf install -y \S+\/eipkeeper\.rpm$/m);
  });

  it('refuses a package with another SHA-256, and says so to CloudFormation', async () => {
    await root.program(
      'curl',
      'while [ $# -gt 1 ]; do [ "$1" != --output ] || echo other > "$2"; shift; done',
    );
    const source = { kind: 'url', url: 'https://h/e.deb', sha256: '0'.repeat(64) } as const;
    const { code } = await run({ ...BASE, package: source });
    expect(code).toBe(1);
    expect(await root.signal()).toMatchObject({ Status: 'FAILURE', Data: '1' });
    expect((await root.takeCalls()).join('\n')).not.toContain('apt-get');
  });

  it('ends with the exit code and the last words of what failed', async () => {
    await root.program(
      'eipkeeper',
      '[ "$1" != doctor ] || { echo "ok"; echo \'no "way" to EC2\' >&2; exit 69; }',
    );
    const { code, output } = await run();
    expect(code).toBe(69);
    const told = await root.signal();
    expect(told).toMatchObject({ Status: 'FAILURE', Data: '69' });
    expect(told.Reason).toMatch(/waiting until the node is fit to serve failed with 69: no way to EC2$/);
    expect(output).toContain('user data ended with 69: waiting until the node is fit to serve failed');
  });

  it('ends on a system that it does not know', async () => {
    await root.system('ID=plan9\nPRETTY_NAME="Plan 9"\n');
    const { code, output } = await run();
    expect(code).toBe(1);
    expect(output).toContain('Plan 9 is not supported');
  });

  it('keeps its result when CloudFormation cannot be told', async () => {
    await root.program('curl', '[ "$2" = "--fail" ] && case "$*" in *PUT*) exit 22 ;; esac; exit 0');
    const { code, output } = await run();
    expect(code).toBe(0);
    expect(output).toContain('CloudFormation could not be told');
  });
});
