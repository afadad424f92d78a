/** Bundles the daemon and the command line into one file, dist/eipkeeper.mjs. */
import { chmodSync } from 'node:fs';
import { bundle, root, V8_OPTIONS } from './bundle.ts';

const outfile = `${root}dist/eipkeeper.mjs`;
const shebang = `#!/usr/bin/env -S MALLOC_ARENA_MAX=1 node ${V8_OPTIONS.join(' ')}`;
// Some CommonJS dependencies call require() for built-in modules.
const requireShim =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";

await bundle({ outfile, format: 'esm', banner: `${shebang}\n${requireShim}` });
chmodSync(outfile, 0o755);
