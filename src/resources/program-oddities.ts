import type { Stats } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import type { Oddity } from './resource-adapter.ts';

const EXECUTABLE = 0o111;
const WRITABLE_BY_GROUP = 0o020;
const WRITABLE_BY_ALL = 0o002;
/** Of a folder: only its owner and the owner of a file may replace that file. */
const STICKY = 0o1000;
const ROOT = 0;

/**
 * What an operator should know of a program before it is needed: that it is missing or may not be run, and, where
 * the daemon is root, that somebody else could put another one in its place. A name without a slash is looked for in
 * PATH, a relative path below `cwd`.
 */
export async function programOddities(
  program: string,
  cwd: string,
  uid: number = process.getuid?.() ?? ROOT,
): Promise<readonly Oddity[]> {
  const path = await locate(program, cwd);
  if (path === null) {
    const advice = 'install it, or correct its path; that of a resource before it may bring it along';
    return [{ text: `there is no program ${program} here`, advice }];
  }
  const found = await stat(path);
  if (!found.isFile()) return [{ text: `${path} is no file`, advice: 'correct its path' }];
  if ((found.mode & EXECUTABLE) === 0) {
    return [{ text: `${path} may not be run`, advice: `chmod +x ${path}` }];
  }
  return uid === ROOT ? replaceable(path) : [];
}

async function locate(program: string, cwd: string): Promise<string | null> {
  const path = process.env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin';
  const named = isAbsolute(program) ? program : join(cwd, program);
  const candidates = program.includes('/') ? [named] : path.split(':').map((folder) => join(folder, program));
  for (const candidate of candidates) {
    if ((await stat(candidate).catch(() => null)) !== null) return candidate;
  }
  return null;
}

/** The first place on the way to it, links followed or not, that is not root's alone. */
async function replaceable(path: string): Promise<readonly Oddity[]> {
  const ways = new Set([...waysTo(await realpath(path)), ...waysTo(path)]);
  for (const place of ways) {
    const found = await stat(place).catch(() => null);
    const who = found === null ? '' : writer(found);
    if (who === '') continue;
    const text = `${place} can be changed by ${who}, and ${path} runs as root`;
    return [{ text, advice: `chown root:root ${place} && chmod go-w ${place}` }];
  }
  return [];
}

function waysTo(path: string): readonly string[] {
  const parent = dirname(path);
  return parent === path ? [path] : [path, ...waysTo(parent)];
}

function writer({ uid, gid, mode }: Stats): string {
  if (uid !== ROOT) return `the user ${uid}`;
  const guarded = (mode & STICKY) !== 0;
  if ((mode & WRITABLE_BY_ALL) !== 0 && !guarded) return 'everybody';
  if ((mode & WRITABLE_BY_GROUP) !== 0 && gid !== ROOT && !guarded) return `the group ${gid}`;
  return '';
}

/** Of several programs, each once. */
export async function oddPrograms(programs: readonly string[], cwd: string): Promise<readonly Oddity[]> {
  const odd = await Promise.all([...new Set(programs)].map((program) => programOddities(program, cwd)));
  return odd.flat();
}

/** The first word of each command that there is. */
export const programsOf = (...commands: readonly (readonly string[])[]): readonly string[] =>
  commands.flatMap(([program]) => program ?? []);
