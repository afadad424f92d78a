import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { UserDataInput } from '../../../src/user-data/input.ts';
import { parsePackageSource } from '../../../src/user-data/package-source.ts';
import { USER_DATA_BYTES_MAX, userDataScript } from '../../../src/user-data/script.ts';

const FROM_S3: UserDataInput = {
  package: { kind: 's3', bucket: 'packages', key: 'eipkeeper/eipkeeper.rpm' },
  configuration: { kind: 'ssm', parameter: '/eipkeeper/web/config' },
  generateKey: { parameter: '/eipkeeper/web/key', kmsKeyId: null },
  nginx: true,
  waitSeconds: 600,
  signalUrl: 'https://cloudformation-waitcondition-eu-west-1.s3.amazonaws.com/handle?X-Amz-Signature=0a&x=1',
};
const FROM_URL: UserDataInput = {
  package: { kind: 'url', url: 'https://example.com/eipkeeper.deb', sha256: 'AB'.repeat(32) },
  configuration: { kind: 'inline', text: "cluster: web\n# it's $HOME and `id`\n" },
  generateKey: null,
  nginx: false,
  waitSeconds: 60,
  signalUrl: null,
};
const FROM_NPM: UserDataInput = { ...FROM_URL, package: { kind: 'npm', specifier: 'eipkeeper@1.2.3' } };

describe('the script', () => {
  it.each([
    ['from-s3', FROM_S3],
    ['from-url', FROM_URL],
    ['from-npm', FROM_NPM],
  ])('%s is as it was reviewed, and a shell can read it', async (name, input) => {
    const script = userDataScript(input);
    await expect(script).toMatchFileSnapshot(`golden/${name}.sh`);
    execFileSync('sh', ['-n'], { input: script });
  });

  it('quotes what a shell would read', () => {
    const script = userDataScript({ ...FROM_URL, package: { kind: 'url', url: "https://h/$(id)'`x`.deb" } });
    const word = /--output "\$package" (.*)$/m.exec(script)?.[1] ?? '';
    expect(execFileSync('sh', ['-c', `printf %s ${word}`], { encoding: 'utf8' })).toBe(
      "https://h/$(id)'`x`.deb",
    );
  });

  it.each<[string, Partial<UserDataInput>, string]>([
    ['a line break', { signalUrl: 'https://h/\nrm' }, 'the URL of the wait condition holds a line break'],
    ['nothing', { package: { kind: 'url', url: '' } }, 'the package is empty'],
    ['a broken sum', { package: { kind: 'url', url: 'https://h/x', sha256: 'abc' } }, 'is no SHA-256'],
    ['no time', { waitSeconds: 0 }, 'at least 1'],
    [
      'the end of the here-document',
      { configuration: { kind: 'inline', text: 'a\nEND_OF_CONFIGURATION\nb' } },
      'has a line "END_OF_CONFIGURATION"',
    ],
    ['a zero byte', { configuration: { kind: 'inline', text: 'a\0' } }, 'holds a zero byte'],
    [
      'more than EC2 takes',
      { configuration: { kind: 'inline', text: '# long\n'.repeat(3000) } },
      `EC2 takes ${USER_DATA_BYTES_MAX}: keep the configuration in SSM`,
    ],
  ])('refuses %s', (_what, change, message) => {
    expect(() => userDataScript({ ...FROM_URL, ...change })).toThrow(message);
  });

  it('stays small enough to read', () => {
    expect(userDataScript(FROM_S3).split('\n').length).toBeLessThan(120);
  });
});

describe('the place of a package', () => {
  it('is S3, a URL or npm', () => {
    expect(parsePackageSource('s3://b-1/a/eipkeeper.rpm')).toEqual({
      kind: 's3',
      bucket: 'b-1',
      key: 'a/eipkeeper.rpm',
    });
    expect(parsePackageSource('https://h/e.deb', 'aa')).toEqual({
      kind: 'url',
      url: 'https://h/e.deb',
      sha256: 'aa',
    });
    expect(parsePackageSource('npm:eipkeeper@1.2.3')).toEqual({ kind: 'npm', specifier: 'eipkeeper@1.2.3' });
  });

  it.each(['s3://', 's3://B/x', 'ftp://h/x', '/tmp/x.deb', 'npm:', ''])('is not %j', (text) => {
    expect(() => parsePackageSource(text)).toThrow('is no place of a package');
  });

  it('has no sum of its own at npm', () => {
    expect(() => parsePackageSource('npm:eipkeeper', 'aa')).toThrow('leave --sha256 out');
  });
});
