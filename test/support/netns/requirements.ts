import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'vitest';

const PROGRAMS = {
  ip: 'iproute2',
  bridge: 'iproute2',
  nft: 'nftables',
  conntrack: 'conntrack',
  nginx: 'nginx-light',
  curl: 'curl',
};
const FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/local/bin', '/usr/bin', '/bin'];

/** What these tests need and this machine lacks, in one line; null when nothing is missing. */
export function missingRequirement(): string | null {
  if (process.platform !== 'linux') return 'network namespaces need Linux';
  if (process.getuid?.() !== 0) return 'network namespaces need root: sudo npm run test:netns';
  const packages = Object.entries(PROGRAMS)
    .filter(([program]) => !isInstalled(program))
    .map(([, debianPackage]) => debianPackage);
  if (packages.length > 0) return `missing programs: apt-get install ${[...new Set(packages)].join(' ')}`;
  return null;
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
 * `describe`, but skipped with one line where something is missing; with EIPKEEPER_NO_SKIP=1 it fails
 * instead, so that a machine meant to run them cannot pass by running nothing. `options.missing` is what else is
 * missing.
 */
export function describeNetns(
  title: string,
  body: () => void,
  options: { readonly missing?: string | null; readonly timeoutMs?: number } = {},
): void {
  const missing = missingRequirement() ?? options.missing ?? null;
  if (missing === null) {
    describe(title, { timeout: options.timeoutMs ?? 20_000 }, body);
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
