/**
 * Builds what is published, into dist/ or the folder that --output names: the package for npm, the single executable,
 * the .deb and the .rpm, and their SHA-256 sums. One commit gives the same bytes.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { root, version } from './bundle.ts';
import { commitTime } from './package/commit-time.ts';
import { buildDeb } from './package/deb.ts';
import { buildExecutable } from './package/executable.ts';
import { thirdPartyLicences } from './package/licences.ts';
import { buildNpm } from './package/npm.ts';
import { buildRpm } from './package/rpm.ts';

const { values } = parseArgs({ options: { output: { type: 'string', default: join(root, 'dist') } } });
const { output } = values;
const timeSeconds = commitTime();
if (process.platform !== 'linux' || process.arch !== 'x64') {
  throw new Error(`the executable is for Linux on x64, this is ${process.platform} on ${process.arch}`);
}
mkdirSync(output, { recursive: true });
const folder = mkdtempSync(join(tmpdir(), 'eipkeeper-package-'));
try {
  execFileSync(process.execPath, [join(root, 'scripts/build.ts')], { stdio: 'inherit' });
  const licences = await thirdPartyLicences();
  const common = { licences, output, timeSeconds };
  const npm = buildNpm({
    ...common,
    bundle: join(root, 'dist/eipkeeper.mjs'),
    folder: join(folder, 'npm'),
  });
  const executable = join(output, `eipkeeper-${version}-linux-x64`);
  await buildExecutable(join(folder, 'executable'), executable);
  const deb = buildDeb({ ...common, executable, folder: join(folder, 'deb') });
  const rpm = buildRpm({ ...common, executable, folder: join(folder, 'rpm') });
  const sums = [npm, executable, deb, rpm].map((path) => `${sha256(path)}  ${basename(path)}\n`);
  writeFileSync(join(output, 'SHA256SUMS'), sums.join(''));
  process.stdout.write(sums.join(''));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function sha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
