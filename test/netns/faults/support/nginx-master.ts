import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Whether a master of nginx lives on the node of this folder, told by its pid file without starting a process. */
export async function nginxMasterLives(directory: string): Promise<boolean> {
  const pid = await readFile(join(directory, 'nginx.pid'), 'utf8').catch(() => '');
  if (!/^\d+/.test(pid)) return false;
  const stat = await readFile(`/proc/${pid.trim()}/stat`, 'utf8').catch(() => '');
  return stat.includes('(nginx)') && !/\) Z /.test(stat);
}
