import { readFile } from 'node:fs/promises';

/** The number of a group of the operating system by its name (or number) in /etc/group; null: there is none. */
export async function groupId(name: string, file = '/etc/group'): Promise<number | null> {
  if (/^\d+$/.test(name)) return Number(name);
  const text = await readFile(file, 'utf8');
  for (const line of text.split('\n')) {
    const [group, , id] = line.split(':');
    if (group === name && id !== undefined && /^\d+$/.test(id)) return Number(id);
  }
  return null;
}
