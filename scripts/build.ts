/** Bundles the daemon and the command line into one file, dist/eipkeeper.mjs. */
import { chmodSync } from 'node:fs';
import { bundle, REQUIRE_SHIM, root, V8_OPTIONS } from './bundle.ts';

const outfile = `${root}dist/eipkeeper.mjs`;
const shebang = `#!/usr/bin/env -S MALLOC_ARENA_MAX=1 node ${V8_OPTIONS.join(' ')}`;

await bundle({ outfile, format: 'esm', banner: `${shebang}\n${REQUIRE_SHIM}` });
chmodSync(outfile, 0o755);
