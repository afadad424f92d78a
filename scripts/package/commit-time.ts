import { execFileSync } from 'node:child_process';
import { root } from '../bundle.ts';

/**
 * When the packaged commit was made, in seconds since the epoch: every file in a package has this time, so that one
 * commit gives the same bytes whenever it is built. SOURCE_DATE_EPOCH says it where there is no git.
 */
export function commitTime(): number {
  const given = process.env.SOURCE_DATE_EPOCH;
  if (given !== undefined && /^\d+$/.test(given)) return Number(given);
  try {
    return Number(
      execFileSync('git', ['-C', root, 'log', '-1', '--format=%ct'], { encoding: 'utf8' }).trim(),
    );
  } catch (cause) {
    throw new Error('the time of the commit is not known: build in a git clone, or set SOURCE_DATE_EPOCH', {
      cause,
    });
  }
}
