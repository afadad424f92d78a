import { randomBytes } from 'node:crypto';
import { rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Check, needs, ok, warning } from '../check.ts';

/** The journal at its largest, by default, and some room. */
const FREE_LEAST_BYTES = 64_000_000;

/** Nothing stops for want of a disk; what is lost is the memory across a reboot, and the journal. */
export const disk: Check = {
  name: 'disk',
  async look(context) {
    const { file } = await needs('the configuration', context.configuration());
    const directory = file.stateDirectory;
    const probe = join(directory, `.doctor-${randomBytes(4).toString('hex')}`);
    try {
      await writeFile(probe, 'A probe of "eipkeeper doctor": delete it.\n', { mode: 0o600, flag: 'wx' });
      await rm(probe);
      const { bavail, bsize } = await statfs(directory);
      const free = bavail * bsize;
      const text = `${directory} has ${Math.round(free / 1_000_000)} MB free`;
      return [
        free < FREE_LEAST_BYTES ? warning(text, 'make room: the journal and the state go there') : ok(text),
      ];
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const daemonMakesIt = code === 'ENOENT' ? 'the daemon makes it at its start' : 'use sudo, or make room';
      return [warning(`${directory} cannot be written: ${message}`, daemonMakesIt)];
    }
  },
};
