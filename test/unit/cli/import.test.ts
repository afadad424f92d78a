import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CliHarness } from './cli-harness.ts';

const MAIN = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));
const SEED = fileURLToPath(new URL('../../seeds/000_3a0b2011642d0582', import.meta.url));
const EIP = ['--eip', 'updateEIP=203.0.113.10', '--no-ec2'];

let cli = new CliHarness();
let files = '';
beforeEach(async () => {
  cli = new CliHarness();
  await cli.start();
  files = join(cli.directory, 'ha.d');
  cpSync(SEED, files, { recursive: true });
});
afterEach(() => cli.close());

const write = (name: string, content: string | Uint8Array) => writeFileSync(join(files, name), content);

describe('import', () => {
  it('prints a configuration that "config check" takes, and says beside it what to do', async () => {
    const { exitCode, stdout, stderr } = await cli.run('import', files, ...EIP);
    expect(exitCode).toBe(0);
    expect(stderr).toContain(
      'The configuration: 2 nodes, 1 group. Next:\n  - eipkeeper keygen --output /etc/eipkeeper/key',
    );
    const path = join(cli.directory, 'eipkeeper.yaml');
    writeFileSync(path, stdout);
    expect((await cli.run('config', 'check', path)).stdout).toContain('good');
  });

  it('writes a new file, and no other in its place without --force', async () => {
    const output = join(cli.directory, 'out.yaml');
    const first = await cli.run('import', files, ...EIP, '--output', output);
    expect(first).toMatchObject({ exitCode: 0, stdout: '' });
    writeFileSync(output, 'mine');
    const second = await cli.run('import', files, ...EIP, '--output', output);
    expect(second).toMatchObject({ exitCode: 1, stdout: '' });
    expect(second.stderr).toBe(
      `eipkeeper: ${output} exists and was left as it is: take another name, or add --force\n`,
    );
    expect(readFileSync(output, 'utf8')).toBe('mine');
    expect((await cli.run('import', files, ...EIP, '--output', output, '--force')).exitCode).toBe(0);
    expect(readFileSync(output, 'utf8')).toContain('cluster: ip-10-36-5-11');
  });

  it('leaves the file that is there whole when it cannot write', async () => {
    const output = join(cli.directory, 'nowhere', 'out.yaml');
    const { exitCode, stderr } = await cli.run('import', files, ...EIP, '--output', output, '--force');
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`${output} could not be written`);
  });

  it('makes a key that only its owner can read, and never a second in its place', async () => {
    const key = join(cli.directory, 'key');
    const { exitCode, stderr } = await cli.run('import', files, ...EIP, '--keygen', key);
    expect(exitCode).toBe(0);
    expect(stderr).toContain(`bring ${key} to all nodes as /etc/eipkeeper/key`);
    expect(statSync(key).mode & 0o777).toBe(0o600);
    const made = readFileSync(key, 'utf8');
    expect(Buffer.from(made, 'base64')).toHaveLength(32);
    const output = join(cli.directory, 'made.yaml');
    const again = await cli.run('import', files, ...EIP, '--keygen', key, '--output', output);
    expect(again.exitCode).toBe(1);
    expect(again.stderr).toContain(`${key} exists and was left as it is: nothing was written;`);
    expect(existsSync(output)).toBe(false);
    expect(readFileSync(key, 'utf8')).toBe(made);
  });

  it('reads the address from the script of the node, beside the files', async () => {
    mkdirSync(join(cli.directory, 'init.d'));
    writeFileSync(
      join(cli.directory, 'init.d', 'updateEIP'),
      'aws ec2 associate-address --public-ip 203.0.113.77\n',
    );
    const { stdout } = await cli.run('import', files, '--no-ec2');
    expect(stdout).toContain('- elastic-ip: { publicIp: 203.0.113.77 }');
    expect(stdout).toContain(
      '"updateEIP" moves an address by EC2\'s API: the resource elastic-ip does so in its place',
    );
  });

  it.each([
    [['--peer', 'main'], "option '-p, --peer <node=address>'"],
    [['--peer', 'main=host.example.com'], 'Write it like server1=10.0.0.11'],
    [['--peer', 'a=10.0.0.1', '--peer', 'a=10.0.0.2'], 'a was given already'],
    [['--eip', 'updateEIP'], 'Write it like 203.0.113.10'],
    [['--eip', '=203.0.113.10'], 'Write it like 203.0.113.10'],
    [['--force'], '--force is for --output'],
    [['--key', 'key'], '--key key: write an absolute path, or ssm:/name'],
  ])('is typed wrong with %j', async (argv, message) => {
    const { exitCode, stdout, stderr } = await cli.run('import', files, ...argv);
    expect(stderr).toContain(message);
    expect(stdout).toBe('');
    expect(exitCode).toBe(64);
  });

  it('shows examples in its help', async () => {
    const { exitCode, stdout } = await cli.run('import', '--help');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('eipkeeper import /etc/ha.d --output eipkeeper.yaml');
  });
});

describe('import of nonsense', () => {
  const NONSENSE: readonly (readonly [string, () => void, string])[] = [
    [
      'a binary ha.cf',
      () => write('ha.cf', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1, 2, 0xff])),
      'ha.cf:1: is no text in UTF-8',
    ],
    [
      'a binary haresources',
      () => write('haresources', 'ip-10-36-5-11 \0\n'),
      'haresources:1: holds a control character',
    ],
    [
      'a binary authkeys',
      () => write('authkeys', Buffer.from('auth 1\n1 sha1 s3\xffcret\n', 'latin1')),
      'authkeys:2: is no text',
    ],
    [
      'megabytes',
      () => write('haresources', Buffer.alloc(5_000_000, 'a b\n')),
      'haresources: is longer than 65536 bytes',
    ],
    [
      'an unknown directive',
      () => write('ha.cf', 'nodes a b\n'),
      'ha.cf:1: "nodes" is no directive of Heartbeat; did you mean node?',
    ],
    [
      'a duplicated directive',
      () => write('ha.cf', 'deadtime 1\ndeadtime 2\n'),
      'ha.cf:2: "deadtime 2" contradicts "deadtime 1"',
    ],
    [
      'authkeys that select nothing',
      () => write('authkeys', 'auth 9\n1 sha1 s3cret\n'),
      'authkeys:1: selects key 9',
    ],
  ];

  it.each(NONSENSE)('refuses %s', async (_what, spoil, message) => {
    spoil();
    const output = join(cli.directory, 'out.yaml');
    const { exitCode, stdout, stderr } = await cli.run('import', files, ...EIP, '--output', output);
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/s3/);
    expect({ exitCode, stdout }).toEqual({ exitCode: 78, stdout: '' });
    expect(() => statSync(output)).toThrow('ENOENT');
  });

  it.each(['ha.cf', 'haresources', 'authkeys'])('refuses a directory where %s should be', async (name) => {
    const broken = join(cli.directory, 'broken');
    mkdirSync(join(broken, name), { recursive: true });
    if (name !== 'ha.cf') writeFileSync(join(broken, 'ha.cf'), 'node a b\n');
    const { exitCode, stderr } = await cli.run('import', broken);
    expect(stderr).toBe(`${name}: is a directory, where a file should be\n`);
    expect(exitCode).toBe(78);
  });

  it('refuses a place without ha.cf, a file instead of a directory, and none', async () => {
    const empty = join(cli.directory, 'empty');
    mkdirSync(empty);
    expect((await cli.run('import', empty)).stderr).toContain(
      'ha.cf: there is no such file: name the directory that holds it',
    );
    expect((await cli.run('import', join(files, 'ha.cf'))).stderr).toContain(
      'is no directory: name the one that holds ha.cf',
    );
    expect((await cli.run('import', join(files, 'none'))).stderr).toContain(
      'none: there is no such directory',
    );
  });

  it.each(['ha.cf', 'haresources', 'authkeys'])(
    'needs the right to read %s, with an exit code of its own',
    (name) => {
      chmodSync(cli.directory, 0o755);
      chmodSync(join(files, name), 0o000);
      // Root may read everything, so it takes the part of somebody else.
      const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
      const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, 'import', files, ...EIP], {
        env: {},
        encoding: 'utf8',
        ...user,
      });
      expect(stderr).toBe(`${name}: must not be read by this user: use sudo\n`);
      expect({ status, stdout }).toEqual({ status: 77, stdout: '' });
    },
  );
});
