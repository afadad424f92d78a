/** Builds the single executable alone: `node scripts/executable.ts FILE`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { buildExecutable } from './package/executable.ts';

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error('which file is it to be? node scripts/executable.ts FILE');
const folder = mkdtempSync(join(tmpdir(), 'eipkeeper-executable-'));
try {
  await buildExecutable(folder, resolve(file));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
