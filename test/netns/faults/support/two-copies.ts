import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { FaultWorld } from '../fault-world.ts';

/** Samples until it is called: how often a copy ran on both nodes at once. */
export function watchForTwoCopies(world: FaultWorld): () => number {
  let twice = 0;
  const runs = (name: string) => world.runsNginx(name);
  const timer = setInterval(async () => {
    // Main's runs before and after aux's: a look that takes long does not make two copies of one after the other.
    if ((await runs('main')) && (await runs('aux')) && (await runs('main'))) twice += 1;
  }, 20);
  return () => {
    clearInterval(timer);
    return twice;
  };
}

/** Whether the guard of a node has had to kill anything so far. */
export async function guardHasKilled(world: FaultWorld, name: string): Promise<boolean> {
  const log = join(dirname(world.node(name).socketPath), 'guard', 'guard.log');
  return /killed/.test(await readFile(log, 'utf8').catch(() => ''));
}
