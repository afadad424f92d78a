import { readdir, readFile, readlink } from 'node:fs/promises';
import { findProcesses } from './process-table.ts';

/**
 * A server's own words for a taken port say which, but not by whom. Adds the holder, so that the operator need
 * not be root with `ss` at hand: "bind() to 0.0.0.0:80 failed … in use" → "port 80 is held by apache2 (pid 7)".
 */
export async function describeBindFailure(said: string): Promise<string> {
  const port = parseBindFailure(said);
  if (port === null) return said;
  // Who cannot look must not keep the server's own words back.
  const holder = await findPortHolder(port).catch(() => null);
  if (holder === null)
    return `port ${port} is in use by another program: free it ("ss -ltnp" names the holder)`;
  return `port ${port} is in use by ${holder.name} (pid ${holder.pid}): stop that program, or take another port`;
}

const BIND_FAILURES = [
  // nginx
  /bind\(\) to \S*?:(\d+) failed \(98\b/,
  // haproxy
  /cannot bind socket \(Address already in use\)[^[]*\[\S*?:(\d+)\]/,
];

export function parseBindFailure(said: string): number | null {
  for (const pattern of BIND_FAILURES) {
    const port = pattern.exec(said)?.[1];
    if (port !== undefined) return Number(port);
  }
  return null;
}

async function findPortHolder(port: number): Promise<{ pid: number; name: string } | null> {
  const inodes = new Set<string>();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const lines = (await readFile(table, 'utf8').catch(() => '')).split('\n').slice(1);
    for (const line of lines) {
      const fields = line.trim().split(/\s+/);
      const listening = fields[3] === '0A';
      if (listening && Number.parseInt(fields[1]?.split(':')[1] ?? '', 16) === port)
        inodes.add(fields[9] ?? '');
    }
  }
  if (inodes.size === 0) return null;
  for (const entry of await findProcesses(() => true)) {
    const fds = await readdir(`/proc/${entry.pid}/fd`).catch(() => []);
    for (const fd of fds) {
      const target = await readlink(`/proc/${entry.pid}/fd/${fd}`).catch(() => '');
      const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
      if (inode !== undefined && inodes.has(inode)) {
        return { pid: entry.pid, name: entry.title.split(' ').slice(0, 3).join(' ') };
      }
    }
  }
  return null;
}
