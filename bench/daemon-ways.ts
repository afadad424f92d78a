import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { BUNDLE_OPTIONS, REQUIRE_SHIM, root, V8_OPTIONS } from '../scripts/bundle.ts';
import { buildExecutable } from '../scripts/package/executable.ts';

/** One way to build and start the daemon. */
export interface Way {
  readonly name: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

const ONE_ARENA = { MALLOC_ARENA_MAX: '1' };

/** Each with one thing changed to the one before, up to what is published; then what was tried and not taken. */
export async function buildWays(folder: string): Promise<readonly Way[]> {
  mkdirSync(folder, { recursive: true });
  const node = process.execPath;
  const way = (name: string, command: readonly string[], environment = {}): Way => ({
    name,
    command,
    environment,
  });
  const esm = async (name: string, changed: BuildOptions): Promise<string> => {
    const outfile = join(folder, `${name}.mjs`);
    await build({ ...BUNDLE_OPTIONS, format: 'esm', banner: { js: REQUIRE_SHIM }, outfile, ...changed });
    return outfile;
  };
  const mainFirst = await esm('main-first', { mainFields: ['main', 'module'], plugins: [] });
  const shaken = await esm('shaken', { plugins: [] });
  const published = await esm('published', {});
  const executable = join(folder, 'eipkeeper');
  await buildExecutable(join(folder, 'executable'), executable);
  const script = join(folder, 'executable', 'eipkeeper.cjs');
  const uncompiled = join(folder, 'uncompiled');
  await buildExecutable(join(folder, 'executable-uncompiled'), uncompiled, { compiled: false });
  const lazy = await esm('lazy', { entryPoints: [], stdin: lazyEntry() });
  return [
    way('the sources', [node, join(root, 'src/main.ts')]),
    way('bundle, fields `main`, `module`', [node, mainFirst]),
    way('fields `module`, `main`', [node, shaken]),
    way('schemas that can be shaken', [node, published]),
    way('`--max-semi-space-size=1`', [node, ...V8_OPTIONS, published]),
    way('`MALLOC_ARENA_MAX=1` (npm)', [node, ...V8_OPTIONS, published], ONE_ARENA),
    way('executable (.deb, .rpm)', [executable], ONE_ARENA),
    way('tried: executable, not compiled before', [uncompiled], ONE_ARENA),
    way('tried: its script with Node', [node, ...V8_OPTIONS, script], ONE_ARENA),
    way('tried: daemon loaded on demand', [node, ...V8_OPTIONS, lazy], ONE_ARENA),
    way('tried: `--optimize-for-size`', [node, ...V8_OPTIONS, '--optimize-for-size', published], ONE_ARENA),
    way('tried: `--max-lazy`', [node, ...V8_OPTIONS, '--max-lazy', published], ONE_ARENA),
    way('tried: `NODE_COMPILE_CACHE`', [node, ...V8_OPTIONS, published], {
      ...ONE_ARENA,
      NODE_COMPILE_CACHE: join(folder, 'cache'),
    }),
    ...(await snapshotWays(folder, way)),
  ];
}

/** src/main.ts with the daemon's modules behind an import that is run when they are needed. */
function lazyEntry(): NonNullable<BuildOptions['stdin']> {
  const contents = readFileSync(join(root, 'src/main.ts'), 'utf8')
    .replace("import { runDaemon } from './runtime/daemon.ts';", '')
    .replace('runDaemon({ source', "(await import('./runtime/daemon.ts')).runDaemon({ source")
    .replace('runDaemon: ({', 'runDaemon: async ({');
  return { contents, resolveDir: join(root, 'src'), loader: 'ts' };
}

/** A heap that was saved after the modules had run; none where Node refuses to save it. */
async function snapshotWays(
  folder: string,
  way: (name: string, command: readonly string[], environment?: object) => Way,
): Promise<readonly Way[]> {
  const script = join(folder, 'snapshot.cjs');
  const blob = join(folder, 'snapshot.blob');
  const contents = readFileSync(join(root, 'src/main.ts'), 'utf8').replace(
    'void main();',
    "import { startupSnapshot } from 'node:v8'; startupSnapshot.setDeserializeMainFunction(() => void main());",
  );
  const stdin = { contents, resolveDir: join(root, 'src'), loader: 'ts' } as const;
  await build({ ...BUNDLE_OPTIONS, format: 'cjs', entryPoints: [], stdin, outfile: script });
  try {
    execFileSync(process.execPath, ['--snapshot-blob', blob, '--build-snapshot', script], { stdio: 'pipe' });
  } catch (error) {
    const { stderr } = error as { stderr?: Buffer };
    const lines = (stderr?.toString() ?? '').split('\n').filter((line) => /error/i.test(line));
    console.error(`no snapshot can be made: ${lines.at(0) ?? String(error)}`);
    return [];
  }
  const command = [process.execPath, ...V8_OPTIONS, '--snapshot-blob', blob, script];
  return [way('tried: snapshot of the heap', command, ONE_ARENA)];
}
