import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'vitest';

const FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/local/bin', '/usr/bin', '/bin'];

/** "missing programs: apt-get install …" in one line; null when all of them (program: Debian package) are there. */
export function missingPrograms(programs: Readonly<Record<string, string>>): string | null {
  const packages = Object.entries(programs)
    .filter(([program]) => !isInstalled(program))
    .map(([, debianPackage]) => debianPackage);
  return packages.length === 0
    ? null
    : `missing programs: apt-get install ${[...new Set(packages)].join(' ')}`;
}

function isInstalled(program: string): boolean {
  return FOLDERS.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * `describe` where nothing is missing (null); else skipped with one line. With EIPKEEPER_NO_SKIP=1 it fails
 * instead, so that a machine meant to run them cannot pass by running nothing.
 */
export function describeWhere(
  missing: string | null,
  title: string,
  body: () => void,
  timeoutMs = 20_000,
): void {
  if (missing === null) {
    describe(title, { timeout: timeoutMs }, body);
    return;
  }
  if (process.env.EIPKEEPER_NO_SKIP === '1') {
    describe(title, () => {
      it('finds what it needs on this machine', () => {
        throw new Error(missing);
      });
    });
    return;
  }
  console.error(`skipped: ${title}: ${missing}`);
  describe.skip(title, body);
}
