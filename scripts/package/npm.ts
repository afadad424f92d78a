import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, version } from '../bundle.ts';
import { commandLineFiles, type PackagedFile, packaging, writeTree } from './install-tree.ts';

export interface NpmPackageOptions {
  /** Of the bundle. */
  readonly bundle: string;
  readonly licences: string;
  readonly folder: string;
  readonly output: string;
  readonly timeSeconds: number;
}

const KEPT = [
  'name',
  'version',
  'description',
  'license',
  'author',
  'homepage',
  'repository',
  'type',
  'engines',
  'keywords',
  'publishConfig',
];

/**
 * The package for the registry: the bundle, so that nothing else has to be installed. "npm publish <file>" publishes
 * it, with provenance where the registry can vouch for who builds. Gives its path.
 */
export function buildNpm(options: NpmPackageOptions): string {
  const { bundle, licences, folder, output, timeSeconds } = options;
  const { man, bash, zsh, fish } = commandLineFiles(timeSeconds);
  const text = (path: string, content: Buffer | string): PackagedFile => ({ path, mode: 0o644, content });
  const files: readonly PackagedFile[] = [
    { path: 'dist/eipkeeper.mjs', mode: 0o755, content: { copyOf: bundle } },
    text('systemd/eipkeeper.service', packaging('eipkeeper.service')),
    text('systemd/eipkeeper-guard.service', packaging('eipkeeper-guard.service')),
    text('systemd/eipkeeper.example.yaml', packaging('eipkeeper.example.yaml')),
    text('systemd/sysusers.conf', packaging('sysusers.conf')),
    // Where the documents look for it.
    text('packaging/alerts.yaml', packaging('alerts.yaml')),
    text('man/eipkeeper.8', man),
    text('completions/eipkeeper.bash', bash),
    text('completions/_eipkeeper', zsh),
    text('completions/eipkeeper.fish', fish),
    ...['README.md', 'LICENSE', 'CHANGELOG.md'].map((name) => text(name, readFileSync(join(root, name)))),
    text('LICENCES.txt', licences),
    text('package.json', manifest()),
  ];
  writeTree(folder, files, timeSeconds);
  for (const name of ['docs', 'schema']) cpSync(join(root, name), join(folder, name), { recursive: true });
  execFileSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', output], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return join(output, `eipkeeper-${version}.tgz`);
}

/** Without dependencies: the bundle has them in it. */
function manifest(): string {
  const source = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, unknown>;
  const kept = Object.fromEntries(KEPT.filter((name) => name in source).map((name) => [name, source[name]]));
  const own = { bin: { eipkeeper: 'dist/eipkeeper.mjs' }, man: ['man/eipkeeper.8'] };
  return `${JSON.stringify({ ...kept, ...own }, null, 2)}\n`;
}
