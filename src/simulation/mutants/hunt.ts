import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type HuntingGround, isSparse, type Mutant, type Patch } from './mutant.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const SCHEDULES_MOST = 10_000;
/** Each lasts hours of virtual time. */
const SPARSE_MOST = 200;
/** Hunts go on behind a seed that fails with the rule in place, but not for ever. */
const DIRTY_MOST = 5;

export interface Catch {
  readonly ground: HuntingGround;
  readonly seed: number;
  readonly rule: string;
  readonly what: string;
  /** How many it took on that ground. */
  readonly schedules: number;
}

/** Runs the simulator on a copy of the source with the rule taken out. Null: nothing noticed. */
export function hunt(mutant: Mutant): Catch | null {
  const folder = mkdtempSync(join(tmpdir(), 'eipkeeper-mutant-'));
  try {
    for (const part of ['src/core', 'src/wire', 'src/simulation', 'test/scenario', 'package.json']) {
      cpSync(join(ROOT, part), join(folder, part), { recursive: true });
    }
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    for (const patch of mutant.patches) apply(folder, patch);
    for (const ground of mutant.worlds) {
      const caught = huntOn(folder, ground);
      if (caught !== null) return caught;
    }
    return null;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function apply(folder: string, { file, from, to }: Patch): void {
  const path = join(folder, 'src', file);
  const text = readFileSync(path, 'utf8');
  if (text.split(from).length !== 2) throw new Error(`${file} does not contain exactly once: ${from}`);
  writeFileSync(
    path,
    text.replace(from, () => to),
  );
}

function huntOn(folder: string, ground: HuntingGround): Catch | null {
  const stride = isSparse(ground) ? 50 : 1;
  let seed = stride;
  let left = isSparse(ground) ? SPARSE_MOST : SCHEDULES_MOST;
  let before = 0;
  for (let dirty = 0; dirty <= DIRTY_MOST && left > 0; dirty++) {
    const found = run(folder, ground, seed, left);
    if (found === null) return null;
    const schedules = before + found.schedules;
    // A seed that fails with the rule in place proves nothing about the rule.
    if (run(ROOT, ground, found.seed, 1) === null) return { ...found, ground, schedules };
    before = schedules;
    left -= found.schedules;
    seed = found.seed + stride;
  }
  return null;
}

function run(
  folder: string,
  ground: HuntingGround,
  seed: number,
  most: number,
): Omit<Catch, 'ground'> | null {
  const script = join(folder, 'src/simulation/mutants/hunter.ts');
  const args = [script, ground, String(seed), String(most)];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(`the hunter failed: ${stderr}`);
  return stdout === '' ? null : (JSON.parse(stdout) as Omit<Catch, 'ground'>);
}
