import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { changed, GOOD } from '../config/configuration-fixture.ts';
import { CliHarness } from './cli-harness.ts';

const PACKAGE = ['--package', 'https://example.com/eipkeeper.deb'];
const KEY_FILE = 'key: { file: /etc/eipkeeper/key }';

let cli = new CliHarness();
beforeEach(async () => {
  cli = new CliHarness();
  await cli.start();
});
afterEach(() => cli.close());

async function fileWith(text: string): Promise<string> {
  const path = join(cli.directory, 'eipkeeper.yaml');
  await writeFile(path, text);
  return path;
}

describe('user-data', () => {
  it('prints a script that holds the file', async () => {
    const path = await fileWith(changed(KEY_FILE, 'key: { ssm: /eipkeeper/web/key }'));
    const { exitCode, stdout, stderr } = await cli.run(
      'user-data',
      '--config',
      path,
      ...PACKAGE,
      '--generate-key',
    );
    expect(stderr).toBe('');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^#!\/bin\/sh\n/);
    expect(stdout).toContain('elastic-ip: { allocationId: eipalloc-0abc }');
    expect(stdout).toContain("eipkeeper keygen --ssm '/eipkeeper/web/key'");
  });

  it('points at a parameter without reading it', async () => {
    const { exitCode, stdout } = await cli.run(
      ...['user-data', '--config', 'ssm:/eipkeeper/web/config', '--package', 's3://b-1/eipkeeper.rpm'],
      ...['--no-nginx', '--wait', '5m', '--signal', 'https://handle/'],
    );
    expect(exitCode).toBe(0);
    expect(stdout).toContain("config='ssm:/eipkeeper/web/config'");
    expect(stdout).toContain('eipkeeper doctor --wait 300s --config');
    expect(stdout).not.toContain('nginx');
  });

  it.each(['2h', '24h'])('has doctor wait for %s, which doctor takes', async (wait) => {
    const source = ['--config', 'ssm:/eipkeeper/web/config'];
    const { stdout } = await cli.run('user-data', ...source, ...PACKAGE, '--wait', wait);
    const words = /eipkeeper (doctor --wait.*) --config/.exec(stdout)?.[1]?.split(' ') ?? [];
    cli.interrupt.abort();
    const { exitCode, stderr } = await cli.run(...words, '--config', join(cli.directory, 'none.yaml'));
    expect(stderr).toBe('');
    expect(words[2]).toBe(wait === '2h' ? '7200s' : '86400s');
    expect(exitCode).toBe(124);
  });

  it('says that a key in a file must come from elsewhere', async () => {
    const { exitCode, stderr } = await cli.run('user-data', '--config', await fileWith(GOOD), ...PACKAGE);
    expect(exitCode).toBe(0);
    expect(stderr).toContain('does not bring /etc/eipkeeper/key');
  });

  it('refuses a configuration that the daemon would refuse, with its lines', async () => {
    const path = await fileWith(changed('nodes: [main, aux]', 'nodes: [main, auxx]'));
    const { exitCode, stdout, stderr } = await cli.run('user-data', '--config', path, ...PACKAGE);
    expect(exitCode).toBe(78);
    expect(stdout).toBe('');
    expect(stderr).toContain('eipkeeper.yaml:');
  });

  it.each([
    [['--config', 'ssm:web/config', ...PACKAGE], 'names no parameter'],
    [['--config', 'ssm:/web', '--package', 'eipkeeper.deb'], 'is no place of a package'],
    [['--config', 'ssm:/web', ...PACKAGE, '--sha256', 'abc'], 'is no SHA-256'],
    [['--config', 'ssm:/web', ...PACKAGE, '--generate-key'], '--generate-key /eipkeeper/web/key'],
    [['--config', 'ssm:/web', ...PACKAGE, '--generate-key', 'web/key'], '--generate-key web/key: '],
    [['--config', 'ssm:/web', ...PACKAGE, '--kms-key', 'k'], '--kms-key is for --generate-key'],
    [['--config', 'ssm:/web', ...PACKAGE, '--wait', '10ms'], 'at least 1s'],
    [['--config', 'ssm:/web', ...PACKAGE, '--signal', 'https://h/\nx'], 'holds a line break'],
    [['--config', 'ssm:/web'], "required option '-p, --package <place>'"],
  ])('%j is refused', async (argv, message) => {
    const { exitCode, stdout, stderr } = await cli.run('user-data', ...argv);
    expect(stderr).toContain(message);
    expect(stdout).toBe('');
    expect(exitCode).toBe(64);
  });

  it('refuses another parameter for the key than the configuration reads', async () => {
    const path = await fileWith(changed(KEY_FILE, 'key: { ssm: /eipkeeper/web/key }'));
    const { exitCode, stderr } = await cli.run(
      'user-data',
      '-c',
      path,
      ...PACKAGE,
      '--generate-key',
      '/other',
    );
    expect(stderr).toContain('reads the key from /eipkeeper/web/key, not from /other');
    expect(exitCode).toBe(64);
  });
});

describe('keygen --ssm', () => {
  it.each([
    [['--kms-key', 'alias/mine'], '--kms-key is for --ssm'],
    [
      ['--ssm', '/eipkeeper/web/key', '--output', '/nowhere/key'],
      "cannot be used with option '-o, --output <file>'",
    ],
    [['--ssm', 'eipkeeper/web/key'], '--ssm eipkeeper/web/key: must be the name of a parameter'],
    [['--ssm', '/ssm/key'], 'SSM keeps those for itself'],
  ])('is refused with %j', async (argv, message) => {
    const { exitCode, stderr } = await cli.run('keygen', ...argv);
    expect(stderr).toContain(message);
    expect(exitCode).toBe(64);
  });
});
