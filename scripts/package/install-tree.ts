import { chmodSync, copyFileSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { root, version } from '../bundle.ts';
import { bashCompletion } from '../command-line/bash-completion.ts';
import { commandTree } from '../command-line/command-tree.ts';
import { fishCompletion } from '../command-line/fish-completion.ts';
import { manPage } from '../command-line/man-page.ts';
import { zshCompletion } from '../command-line/zsh-completion.ts';

/** One file of a package. */
export interface PackagedFile {
  /** From the root of the machine, or of the npm package, without a slash in front. */
  readonly path: string;
  readonly mode: 0o644 | 0o755;
  /** null: it is a folder. */
  readonly content: Buffer | string | { readonly copyOf: string } | null;
}

export const packaging = (name: string): string => readFileSync(join(root, 'packaging', name), 'utf8');

/** What the command line itself says, for people and for shells. */
export function commandLineFiles(timeSeconds: number) {
  const tree = commandTree();
  const date = new Date(timeSeconds * 1000).toISOString().slice(0, 10);
  return {
    man: manPage(tree, { version, date }),
    bash: bashCompletion(tree),
    zsh: zshCompletion(tree),
    fish: fishCompletion(tree),
  };
}

export interface MachineFilesOptions {
  readonly executable: string;
  /** Of everything that is in it. */
  readonly licences: string;
  readonly timeSeconds: number;
  /** Where this kind of system looks for completions of zsh that came by a package. */
  readonly zshFolder: 'vendor-completions' | 'site-functions';
}

/** Everything that a .deb or .rpm brings to a machine. */
export function machineFiles(options: MachineFilesOptions): PackagedFile[] {
  const { executable, licences, timeSeconds, zshFolder } = options;
  const { man, bash, zsh, fish } = commandLineFiles(timeSeconds);
  const share = 'usr/share/eipkeeper';
  const text = (path: string, content: Buffer | string): PackagedFile => ({ path, mode: 0o644, content });
  return [
    { path: 'etc/eipkeeper', mode: 0o755, content: null },
    { path: 'usr/bin/eipkeeper', mode: 0o755, content: { copyOf: executable } },
    text('usr/lib/systemd/system/eipkeeper.service', packaging('eipkeeper.service')),
    text('usr/lib/systemd/system/eipkeeper-guard.service', packaging('eipkeeper-guard.service')),
    text('usr/lib/sysusers.d/eipkeeper.conf', packaging('sysusers.conf')),
    text(`${share}/eipkeeper.example.yaml`, packaging('eipkeeper.example.yaml')),
    text(`${share}/alerts.yaml`, packaging('alerts.yaml')),
    text(`${share}/eipkeeper.schema.json`, readFileSync(join(root, 'schema/eipkeeper.schema.json'))),
    text('usr/share/man/man8/eipkeeper.8.gz', gzipSync(man, { level: 9 })),
    text('usr/share/bash-completion/completions/eipkeeper', bash),
    text(`usr/share/zsh/${zshFolder}/_eipkeeper`, zsh),
    text('usr/share/fish/vendor_completions.d/eipkeeper.fish', fish),
    text('usr/share/doc/eipkeeper/copyright', readFileSync(join(root, 'LICENSE'))),
    text('usr/share/doc/eipkeeper/licences.txt', licences),
    text('usr/share/doc/eipkeeper/changelog.md', readFileSync(join(root, 'CHANGELOG.md'))),
  ];
}

/** Writes the files below `folder`, all of them and their folders with this time. */
export function writeTree(folder: string, files: readonly PackagedFile[], timeSeconds: number): void {
  const folders = new Set<string>([folder]);
  for (const { path, mode, content } of files) {
    const target = join(folder, path);
    for (let parent = dirname(target); parent.length > folder.length; parent = dirname(parent)) {
      folders.add(parent);
    }
    mkdirSync(dirname(target), { recursive: true });
    if (content === null) mkdirSync(target);
    else if (typeof content === 'object' && 'copyOf' in content) copyFileSync(content.copyOf, target);
    else writeFileSync(target, content);
    // Whatever the umask of whoever builds.
    chmodSync(target, mode);
    utimesSync(target, timeSeconds, timeSeconds);
  }
  for (const one of folders) {
    chmodSync(one, 0o755);
    utimesSync(one, timeSeconds, timeSeconds);
  }
}
