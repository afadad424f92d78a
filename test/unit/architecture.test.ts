import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const src = fileURLToPath(new URL('../../src', import.meta.url));
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));

function importsOf(file: string): string[] {
  const text = readFileSync(join(src, file), 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1]!);
}

/** The folder of src that a relative import leads to, or '' for a package. */
function folderOf(file: string, specifier: string): string {
  if (!specifier.startsWith('.')) return '';
  return relative(src, resolve(src, dirname(file), specifier)).split('/')[0]!;
}

/** Who may import whom. What is not named may import nothing of ours but itself. */
const MAY: Record<string, readonly string[]> = {
  core: [],
  wire: ['core'],
  witness: ['core', 'cloud'],
  cloud: ['core'],
  resources: ['core', 'config'],
  config: ['core'],
  observability: ['core', 'control', 'wire'],
  control: ['core'],
  journal: ['core', 'observability'],
  http: ['core', 'control'],
  notify: ['core', 'config', 'resources'],
  guard: ['core', 'config', 'resources', 'observability'],
  runtime: [
    'core',
    'wire',
    'witness',
    'cloud',
    'resources',
    'config',
    'control',
    'guard',
    'http',
    'journal',
    'notify',
    'observability',
  ],
  'user-data': [],
  doctor: ['core', 'config', 'control', 'guard', 'runtime', 'wire', 'witness', 'cloud', 'resources'],
  import: ['core', 'config'],
  cli: [
    'core',
    'config',
    'control',
    'doctor',
    'journal',
    'runtime',
    'wire',
    'witness',
    'cloud',
    'observability',
    'user-data',
    'import',
  ],
  simulation: ['core', 'wire', 'config', 'journal', 'observability', 'cli'],
};

describe('the house', () => {
  for (const [folder, allowed] of Object.entries(MAY)) {
    test(`${folder} imports only what lies below it`, () => {
      const wrong = files
        .filter((file) => file.startsWith(`${folder}/`))
        .flatMap((file) => importsOf(file).map((specifier) => ({ file, to: folderOf(file, specifier) })))
        .filter(({ to }) => to !== '' && to !== folder && !allowed.includes(to))
        .map(({ file, to }) => `${file} → ${to}`);
      expect(wrong).toEqual([]);
    });
  }

  test('the core is pure: no package, no clock, no chance, no promise, no timer', () => {
    const forbidden =
      /\b(Date\.now|new Date|Math\.random|setTimeout|setInterval|setImmediate|performance\.now|async |await |Promise|process\.|console\.)/;
    const wrong = files
      .filter((file) => file.startsWith('core/'))
      .flatMap((file) => {
        const text = readFileSync(join(src, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
        const packages = importsOf(file).filter((specifier) => !specifier.startsWith('./'));
        const match = forbidden.exec(text);
        return [
          ...packages.map((name) => `${file} imports ${name}`),
          ...(match ? [`${file}: ${match[0]}`] : []),
        ];
      });
    expect(wrong).toEqual([]);
  });

  test('only main.ts and its check of the Node version end the process', () => {
    const wrong = files.filter(
      (file) =>
        !['main.ts', 'least-node.ts'].includes(file) &&
        !/^(demo|simulation)\//.test(file) &&
        /process\.exit\s*\(/.test(
          readFileSync(join(src, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, ''),
        ),
    );
    expect(wrong).toEqual([]);
  });

  test('no file is longer than 400 lines', () => {
    const long = files.filter((file) => readFileSync(join(src, file), 'utf8').split('\n').length > 401);
    expect(long).toEqual([]);
  });
});
