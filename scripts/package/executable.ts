import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { bundle, root, V8_OPTIONS } from '../bundle.ts';

const NODE = join(root, 'node_modules/node/bin/node');
/** Node's own: postject puts it out when the program is in. */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/**
 * A single executable for Linux on x64: Node of the devDependencies with the bundle in it, compiled already, which
 * saves 50 ms of each start. `folder` is for what comes between. The same sources give the same bytes: names are
 * relative, since they end up in the compiled code, and so does a random seed, which is given.
 */
export async function buildExecutable(
  folder: string,
  outfile: string,
  { compiled } = { compiled: true },
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  await bundle({ outfile: join(folder, 'eipkeeper.cjs'), format: 'cjs' });
  const settings = {
    main: 'eipkeeper.cjs',
    output: 'eipkeeper.blob',
    disableExperimentalSEAWarning: true,
    useCodeCache: compiled,
    execArgv: V8_OPTIONS,
    // Neither NODE_OPTIONS nor a first argument may change what the daemon is.
    execArgvExtension: 'none',
  };
  writeFileSync(join(folder, 'sea.json'), JSON.stringify(settings));
  execFileSync(NODE, ['--random-seed=1', '--experimental-sea-config', 'sea.json'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  copyFileSync(NODE, outfile);
  chmodSync(outfile, 0o755);
  await inject(outfile, readFileSync(join(folder, 'eipkeeper.blob')));
}

/** It complains of section names that Node's own build left out; nobody needs them. */
async function inject(outfile: string, blob: Buffer): Promise<void> {
  const { inject: write } = createRequire(import.meta.url)('postject') as {
    inject: (file: string, name: string, blob: Buffer, options: { sentinelFuse: string }) => Promise<void>;
  };
  const { warn, error } = console;
  console.warn = () => {};
  console.error = () => {};
  try {
    await write(outfile, 'NODE_SEA_BLOB', blob, { sentinelFuse: FUSE });
  } finally {
    console.warn = warn;
    console.error = error;
  }
}
