import { constants, existsSync, readFileSync, statSync } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { ImportError } from './import-error.ts';
import type { HeartbeatFiles } from './read-sources.ts';
import type { FoundScript } from './script-text.ts';
import type { ScriptFinder } from './service-resources.ts';
import { MAX_FILE_BYTES, readText, type TextFile } from './text-file.ts';

/** "/etc/ha.d", or a copy with the node that it is from: "dir0=./copy". */
export interface FilesOfNode {
  readonly node: string | null;
  readonly directory: string;
}

/** Reads the three files of each node. ha.cf must be there. Throws ImportError. */
export function readHeartbeatFiles(places: readonly FilesOfNode[]): Promise<readonly HeartbeatFiles[]> {
  const short = places.map(({ directory }) => basename(resolve(directory)));
  const isClear = new Set(short).size === short.length;
  const labels = places.map(({ directory }, index) => (isClear ? (short[index] ?? '') : directory));
  return Promise.all(
    places.map((place, index) => readOne(place, places.length === 1 ? '' : (labels[index] ?? ''))),
  );
}

/** `label` tells the files of the nodes apart in messages. */
async function readOne({ node, directory }: FilesOfNode, label: string): Promise<HeartbeatFiles> {
  await refuseOtherThanDirectory(directory);
  const read = (name: string) => readBounded(join(directory, name), join(label, name));
  const haCf = await read('ha.cf');
  if (haCf === null) {
    throw refusal(
      join(directory, 'ha.cf'),
      'there is no such file: name the directory that holds it, like /etc/ha.d',
    );
  }
  const full = resolve(directory);
  const hints = node === null ? [basename(full), basename(dirname(full))] : [node];
  return {
    ownerHints: hints,
    haCf,
    haresources: await read('haresources'),
    authkeys: await read('authkeys'),
  };
}

async function refuseOtherThanDirectory(path: string): Promise<void> {
  try {
    if ((await stat(path)).isDirectory()) return;
  } catch (error) {
    throw fileFailure(path, error as NodeJS.ErrnoException, 'directory');
  }
  throw refusal(path, 'is no directory: name the one that holds ha.cf, like /etc/ha.d');
}

/** null: there is none. */
async function readBounded(path: string, name: string): Promise<TextFile | null> {
  let file: FileHandle | null = null;
  try {
    // Not blocking: a pipe in its place must not hang the command.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const facts = await file.stat();
    if (facts.isDirectory()) throw refusal(name, 'is a directory, where a file should be');
    if (!facts.isFile()) throw refusal(name, 'is not a regular file');
    // One byte more than allowed is enough to know that it is too long.
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_FILE_BYTES + 1), 0, MAX_FILE_BYTES + 1, 0);
    return readText(name, buffer.subarray(0, bytesRead));
  } catch (error) {
    if (error instanceof ImportError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw fileFailure(name, error as NodeJS.ErrnoException, 'file');
  } finally {
    await file?.close();
  }
}

function fileFailure(name: string, { code, message }: NodeJS.ErrnoException, what: string): ImportError {
  if (code === 'EACCES' || code === 'EPERM') {
    return refusal(name, 'must not be read by this user: use sudo', { denied: true });
  }
  return refusal(name, code === 'ENOENT' ? `there is no such ${what}` : `cannot be read: ${message}`);
}

const refusal = (name: string, message: string, options: { readonly denied?: boolean } = {}): ImportError =>
  new ImportError([{ place: { file: name, line: null }, message }], options);

const UNIT_FOLDERS = ['/etc/systemd/system', '/usr/lib/systemd/system', '/lib/systemd/system'];

/** Where Heartbeat looks: resource.d beside ha.cf, then init.d; beside a copied ha.d, the copies. */
export function scriptFinder(directories: readonly string[]): ScriptFinder {
  return {
    scriptNamed: (name) => {
      for (const directory of directories) {
        const found =
          scriptAt(join(directory, 'resource.d', name), 'resource.d') ??
          scriptAt(join(dirname(resolve(directory)), 'init.d', name), 'init.d');
        if (found !== null) return found;
      }
      return null;
    },
    hasUnit: (name) => UNIT_FOLDERS.some((folder) => existsSync(join(folder, name))),
  };
}

function scriptAt(path: string, folder: FoundScript['folder']): FoundScript | null {
  // A pipe in its place must not hang the command.
  if (!isFile(path)) return null;
  try {
    return { folder, text: readFileSync(path, 'latin1').slice(0, MAX_FILE_BYTES) };
  } catch {
    // What cannot be read is judged by its name.
    return { folder, text: '' };
  }
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
