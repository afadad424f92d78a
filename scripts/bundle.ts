import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build } from 'esbuild';
import { PAGE_FILES } from '../src/http/page-files.ts';
import { shakeableSchemas } from './shakeable-schemas.ts';

export const root = fileURLToPath(new URL('..', import.meta.url));
/** Who stands for a package. docs/packaging.md says where to write it. */
export interface Publisher {
  /** "Name <address>" */
  readonly author?: string;
  /** A web page. */
  readonly homepage?: string;
}
const source = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { version: string } & Publisher;
export const { version } = source;
export const publisher: Publisher = source;
/** Of packages that nobody has published. */
export const NO_AUTHOR = 'eipkeeper <root@localhost>';
const page = Object.fromEntries(
  PAGE_FILES.map((file) => [file, readFileSync(`${root}src/http/page/${file}`, 'utf8')]),
);

/**
 * A young generation of 1 MB: 13 MB less resident, and heartbeats make little garbage. (One arena of malloc: 13 MB
 * less as well, and one thread does nearly all of the work; that is a variable of the environment.)
 */
export const V8_OPTIONS = ['--max-semi-space-size=1'];

export interface BundleOptions {
  readonly outfile: string;
  /** `cjs`: a script, as a single executable takes it. */
  readonly format: 'esm' | 'cjs';
  readonly banner?: string;
}

/** All but where it goes and in which format. */
export const BUNDLE_OPTIONS = {
  absWorkingDir: root,
  entryPoints: ['src/main.ts'],
  bundle: true,
  platform: 'node',
  target: 'node24',
  // `module` first: only ES modules can be shaken, which saves 28 MB of resident memory.
  mainFields: ['module', 'main'],
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  plugins: [shakeableSchemas],
  sourcemap: 'linked',
  // Only the files of the page are looked for beside the source, and they are in the bundle.
  logOverride: { 'empty-import-meta': 'silent' },
  define: { EIPKEEPER_VERSION: JSON.stringify(version), EIPKEEPER_PAGE: JSON.stringify(page) },
} satisfies BuildOptions;

/** Some CommonJS dependencies call require() for built-in modules. */
export const REQUIRE_SHIM =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";

/** The daemon and the command line in one file, with its source map beside it. */
export async function bundle({ outfile, format, banner = '' }: BundleOptions): Promise<void> {
  await build({ ...BUNDLE_OPTIONS, outfile, format, banner: { js: banner } });
}
