import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { applyPatches } from './apply-patches.ts';
import { type HuntingGround, isSparse, type Mutant } from './mutant.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
/** For a mutant on all of its grounds. */
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
  /** How many it took, on this ground and those before it. */
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
    applyPatches(folder, mutant.patches);
    let tried = 0;
    const share = Math.floor(SCHEDULES_MOST / mutant.worlds.length);
    for (const ground of mutant.worlds) {
      const most = isSparse(ground) ? SPARSE_MOST : share;
      const caught = huntOn(folder, ground, most);
      if (caught !== null) return { ...caught, schedules: tried + caught.schedules };
      tried += most;
    }
    return null;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function huntOn(folder: string, ground: HuntingGround, most: number): Catch | null {
  const stride = isSparse(ground) ? 50 : 1;
  let seed = stride;
  let left = most;
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
