/** Bundles the daemon and the command line into one file, dist/eipkeeper.mjs. */
import { chmodSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { PAGE_FILES } from '../src/http/page-files.ts';
import { shakeableSchemas } from './shakeable-schemas.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { version: string };
const page = Object.fromEntries(
  PAGE_FILES.map((file) => [file, readFileSync(`${root}src/http/page/${file}`, 'utf8')]),
);
const outfile = `${root}dist/eipkeeper.mjs`;

await build({
  entryPoints: [`${root}src/main.ts`],
  outfile,
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  // `module` first: only ES modules can be shaken, which saves 28 MB of resident memory.
  mainFields: ['module', 'main'],
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  plugins: [shakeableSchemas],
  sourcemap: 'linked',
  define: { EIPKEEPER_VERSION: JSON.stringify(version), EIPKEEPER_PAGE: JSON.stringify(page) },
  // A young generation of 1 MB: 13 MB less resident, and heartbeats make little garbage. One arena of malloc: 13 MB
  // less, and one thread does nearly all of the work.
  // Some CommonJS dependencies call require() for built-in modules.
  banner: {
    js: "#!/usr/bin/env -S MALLOC_ARENA_MAX=1 node --max-semi-space-size=1\nimport { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
});
chmodSync(outfile, 0o755);
