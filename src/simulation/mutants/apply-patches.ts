import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Patch } from './mutant.ts';

/** Patches the copy of `src` that is in this folder; throws when a text is not found exactly once. */
export function applyPatches(folder: string, patches: readonly Patch[]): void {
  for (const { file, from, to } of patches) {
    const path = join(folder, 'src', file);
    const text = readFileSync(path, 'utf8');
    if (text.split(from).length !== 2) throw new Error(`${file} does not contain exactly once: ${from}`);
    writeFileSync(
      path,
      text.replace(from, () => to),
    );
  }
}
