/**
 * Renews package-lock.json without registry addresses. npm's own `omit-lockfile-registry-resolved` forgets the
 * versions of optional packages for other platforms, so the addresses are written and then taken out.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';

rmSync('package-lock.json', { force: true });
execFileSync('npm', ['install', '--package-lock-only', '--omit-lockfile-registry-resolved=false'], {
  stdio: 'inherit',
});
const lock = readFileSync('package-lock.json', 'utf8');
writeFileSync('package-lock.json', lock.replace(/^ *"resolved": "https?:[^"]*",?\n/gm, ''));
