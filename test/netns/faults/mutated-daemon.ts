import { randomBytes } from 'node:crypto';
import { cpSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { applyPatches } from '../../../src/simulation/mutants/apply-patches.ts';
import { ALL_MUTANTS } from '../../../src/simulation/mutants/run-mutants.ts';
import { removeRecorded, writeRunRecord } from '../../support/netns/run-record.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

export interface MutatedDaemon {
  /** Its main file, in a copy of the source. */
  readonly program: string;
  remove(): Promise<void>;
}

/** Copies the source and takes the rule out of the copy; throws when there is no such rule, or no longer its text. */
export async function mutateDaemon(rule: string): Promise<MutatedDaemon> {
  const mutant = ALL_MUTANTS.find((candidate) => candidate.rule === rule);
  if (mutant === undefined) throw new Error(`no mutant "${rule}" in src/simulation/mutants`);
  const id = `eipkeeper-mutant-${randomBytes(3).toString('hex')}`;
  const folder = join(tmpdir(), id);
  await writeRunRecord(id, { namespaces: [], directory: folder });
  for (const part of ['src', 'package.json'])
    cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  applyPatches(folder, mutant.patches);
  return { program: join(folder, 'src/main.ts'), remove: () => removeRecorded(id) };
}
