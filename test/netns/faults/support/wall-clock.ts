import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FaultWorld } from '../fault-world.ts';

const FAKETIME_LIBRARY = '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1';

const fileOf = (world: FaultWorld, name: string): string => join(world.node(name).directory, 'wall-clock');

/** The same daemon again, with a wall clock that `setWallClock` can step, and the group where it was. */
export async function restartWithWallClock(world: FaultWorld, name: string): Promise<void> {
  await setWallClock(world, name, '+0');
  await world.killDaemon(name);
  const env = {
    LD_PRELOAD: FAKETIME_LIBRARY,
    FAKETIME_TIMESTAMP_FILE: fileOf(world, name),
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };
  await world.startDaemon(name, { env });
  // A takeover meanwhile is none of the fault's doing, and no move is accepted before it is over.
  await world.bring(name);
  await world.rest();
  await world.begin();
}

/** "+1h", "-1h", "+0": how far its wall clock is from the machine's. */
export const setWallClock = (world: FaultWorld, name: string, offset: string): Promise<void> =>
  writeFile(fileOf(world, name), offset);
