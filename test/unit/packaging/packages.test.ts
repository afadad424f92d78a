import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { bundle } from '../../../scripts/bundle.ts';
import { buildDeb } from '../../../scripts/package/deb.ts';
import { thirdPartyLicences } from '../../../scripts/package/licences.ts';
import { buildNpm } from '../../../scripts/package/npm.ts';
import { buildRpm } from '../../../scripts/package/rpm.ts';
import { describeWhere, missingPrograms } from '../../support/describe-where.ts';

const folder = mkdtempSync(join(tmpdir(), 'eipkeeper-packages-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const output = (program: string, ...words: readonly string[]): string =>
  execFileSync(program, words, { encoding: 'utf8' });
const sum = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

/** In place of the executable, whose 130 MB are built by "npm run package". */
const executable = join(folder, 'stand-in');
writeFileSync(executable, '#!/bin/sh\n', { mode: 0o755 });
const timeSeconds = 1_700_000_000;
let folders = 0;
const common = { licences: 'MIT', output: folder, timeSeconds };
/** As whoever publishes it would write it into package.json. */
const publisher = { author: 'Web Team <web@example.com>', homepage: 'https://example.com/eipkeeper' };
const options = () => ({ ...common, executable, folder: join(folder, String(++folders)) });

/** Built twice, each time under another umask. */
function twice(build: () => string): { readonly path: string; readonly sums: readonly string[] } {
  const first = sum(build());
  const usual = process.umask(0o077);
  try {
    const path = build();
    return { path, sums: [first, sum(path)] };
  } finally {
    process.umask(usual);
  }
}

describe('the bundle', () => {
  it('is the same bytes when it is built twice', async () => {
    const files = [join(folder, 'a', 'eipkeeper.mjs'), join(folder, 'b', 'eipkeeper.mjs')];
    for (const outfile of files) await bundle({ outfile, format: 'esm' });
    expect(sum(files[0]!)).toBe(sum(files[1]!));
  });

  it('comes with the licences of what is in it', async () => {
    const licences = await thirdPartyLicences();
    expect(licences).toMatch(/@aws-sdk\/client-ec2 \d.*Apache License/s);
    expect(licences).toMatch(/undici \d/);
  });

  it('names no file of the machine that built it', async () => {
    const outfile = join(folder, 'c', 'eipkeeper.cjs');
    await bundle({ outfile, format: 'cjs' });
    const root = new URL('../../..', import.meta.url).pathname;
    expect(readFileSync(outfile, 'utf8').includes(root)).toBe(false);
  });
});

const FILES = [
  '/etc/eipkeeper',
  '/usr/bin/eipkeeper',
  '/usr/lib/systemd/system/eipkeeper.service',
  '/usr/lib/systemd/system/eipkeeper-guard.service',
  '/usr/lib/sysusers.d/eipkeeper.conf',
  '/usr/share/eipkeeper/eipkeeper.example.yaml',
  '/usr/share/man/man8/eipkeeper.8.gz',
  '/usr/share/bash-completion/completions/eipkeeper',
];

describeWhere(missingPrograms({ 'dpkg-deb': 'dpkg' }), 'the .deb', () => {
  it('has the files, all of root, and is the same bytes when it is built twice', () => {
    const { path, sums } = twice(() => buildDeb(options()));
    expect(sums[0]).toBe(sums[1]);
    const lines = output('dpkg-deb', '--contents', path);
    for (const file of FILES) expect(lines).toContain(` .${file}`);
    expect(lines.split('\n').filter((line) => line !== '' && !/^[d-]rw\S+ root\/root /.test(line))).toEqual(
      [],
    );
  });
});

describeWhere(missingPrograms({ 'dpkg-deb': 'dpkg', rpmbuild: 'rpm' }), 'a package', () => {
  it('names who published it, and nobody where nobody did', () => {
    const field = (path: string, name: string) => output('dpkg-deb', '--field', path, name).trim();
    const tag = (path: string, name: string) =>
      output('rpm', '--query', '--queryformat', `%{${name}}`, '--package', path);
    const deb = buildDeb({ ...options(), publisher });
    expect([field(deb, 'Maintainer'), field(deb, 'Homepage')]).toEqual(Object.values(publisher));
    const rpm = buildRpm({ ...options(), publisher });
    expect([tag(rpm, 'PACKAGER'), tag(rpm, 'URL')]).toEqual(Object.values(publisher));
    expect(field(buildDeb({ ...options(), publisher: {} }), 'Maintainer')).toBe('eipkeeper <root@localhost>');
    expect(tag(buildRpm({ ...options(), publisher: {} }), 'URL')).toBe('(none)');
  });
});

describeWhere(missingPrograms({ rpmbuild: 'rpm' }), 'the .rpm', () => {
  it('has the files, needs no Node, and is the same bytes when it is built twice', () => {
    const { path, sums } = twice(() => buildRpm(options()));
    expect(sums[0]).toBe(sums[1]);
    const lines = output('rpm', '--query', '--list', '--package', path).split('\n');
    for (const file of FILES) expect(lines).toContain(file);
    expect(output('rpm', '--query', '--requires', '--package', path)).not.toMatch(/node/i);
  });
});

describe('the package for npm', () => {
  it('has the bundle and the unit where user data look for it, depends on nothing, and is built alike', () => {
    const { path, sums } = twice(() =>
      buildNpm({ ...common, bundle: executable, folder: join(folder, String(++folders)) }),
    );
    expect(sums[0]).toBe(sums[1]);
    const listed = output('tar', '--list', '--file', path).split('\n');
    expect(listed).toContain('package/dist/eipkeeper.mjs');
    expect(listed).toContain('package/systemd/eipkeeper.service');
    expect(listed).toContain('package/systemd/eipkeeper-guard.service');
    const manifest = JSON.parse(
      output('tar', '--extract', '--to-stdout', '--file', path, 'package/package.json'),
    ) as Record<string, unknown>;
    expect(manifest).toMatchObject({
      bin: { eipkeeper: 'dist/eipkeeper.mjs' },
      publishConfig: { provenance: true },
    });
    expect(manifest).not.toHaveProperty('dependencies');
    expect(manifest).not.toHaveProperty('private');
  });
});
