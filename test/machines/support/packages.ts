import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { buildDeb } from '../../../scripts/package/deb.ts';
import { buildExecutable } from '../../../scripts/package/executable.ts';
import { buildRpm } from '../../../scripts/package/rpm.ts';
import { missingPrograms } from '../../support/describe-where.ts';
import { missingForSystemd } from '../../support/systemd-machine.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The .deb of these sources, and one of a version that is newer; '' where machines cannot be had. */
    packages: { readonly now: string; readonly next: string; readonly executable: string };
    /** The same as .rpm; '' where none can be built. */
    rpms: { readonly now: string; readonly next: string };
  }
}

export const missingForRpm = (): string | null => missingPrograms({ rpmbuild: 'rpm' });

/** Below the repository, which the machines see. */
const ROOT = new URL('../../..', import.meta.url).pathname;
const NEXT_VERSION = '99.0.0';

/** Builds what the machines install, once for all files. */
export default async function setup(project: TestProject): Promise<() => void> {
  if (missingForSystemd() !== null) {
    project.provide('packages', { now: '', next: '', executable: '' });
    project.provide('rpms', { now: '', next: '' });
    return () => {};
  }
  const output = join(ROOT, '.cache', `machines-${process.pid}`);
  mkdirSync(output, { recursive: true });
  const folder = mkdtempSync(join(tmpdir(), 'eipkeeper-machines-'));
  try {
    const executable = join(output, 'eipkeeper');
    await buildExecutable(join(folder, 'executable'), executable);
    const timeSeconds = Math.floor(Date.now() / 1000);
    const common = { executable, licences: '', output, timeSeconds };
    const now = buildDeb({ ...common, folder: join(folder, 'deb') });
    project.provide('packages', { now, next: renumbered(join(folder, 'deb'), output), executable });
    const rpm = (release: string) => buildRpm({ ...common, release, folder: join(folder, `rpm-${release}`) });
    const canBuild = missingForRpm() === null;
    project.provide(
      'rpms',
      canBuild ? { now: rpm('1.0.0'), next: rpm(NEXT_VERSION) } : { now: '', next: '' },
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return () => rmSync(output, { recursive: true, force: true });
}

/** The same files under a later version, as the next release would be. */
function renumbered(tree: string, output: string): string {
  const next = join(output, 'eipkeeper_next.deb');
  execFileSync('sed', ['-i', `s/^Version:.*/Version: ${NEXT_VERSION}/`, join(tree, 'DEBIAN/control')]);
  execFileSync('dpkg-deb', ['--root-owner-group', '-Zzstd', '-z1', '--build', tree, next], {
    stdio: 'ignore',
  });
  return next;
}
