import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const HEX_DIGITS = 12;
/** Outside of a checkout, as in a source archive. */
const WITHOUT_GIT = 1_000_001;

/** Where the seeds begin that belong to the tree of the commit that is checked out. */
export function firstSeedOfTree(): { readonly firstSeed: number; readonly origin: string } {
  try {
    const tree = execFileSync('git', ['rev-parse', 'HEAD^{tree}'], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
    return {
      firstSeed: Number.parseInt(tree.slice(0, HEX_DIGITS), 16),
      origin: `tree ${tree.slice(0, HEX_DIGITS)}`,
    };
  } catch {
    return { firstSeed: WITHOUT_GIT, origin: 'no git' };
  }
}
