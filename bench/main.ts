/**
 * Measures what the program promises of speed and size, with the real daemon in network namespaces against
 * LocalStack, beside bare API calls of the same run. Performance is measured here and judged nowhere: the exit
 * code is 0 when there are figures, 1 when there are none, 77 when this machine cannot make them.
 */
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { cpus, loadavg, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type LocalStack, startLocalStack, stopLocalStack } from '../test/support/localstack.ts';
import { monotonicMs } from '../test/support/netns/monotonic.ts';
import { missingRequirement } from '../test/support/netns/requirements.ts';
import { measureBareCalls } from './bare-calls.ts';
import { BenchPair } from './bench-pair.ts';
import { measureMemorySteps } from './memory-steps.ts';
import { type BenchOptions, readOptions, USAGE } from './options.ts';
import { type Figures, type ProfileFigures, rowsOf } from './report.ts';
import { runProfile } from './run-profile.ts';
import { measureStart } from './start-time.ts';
import { formatTable } from './table.ts';

const STARTS = 5;
const CANNOT = 77;
const startedMs = monotonicMs();
const closers: (() => Promise<void>)[] = [];

const progress = (line: string): void => {
  const seconds = Math.round((monotonicMs() - startedMs) / 1000);
  console.error(`${String(seconds).padStart(5)} s  load ${loadavg()[0]!.toFixed(1)}  ${line}`);
};

async function close(): Promise<void> {
  for (let closer = closers.pop(); closer !== undefined; closer = closers.pop()) {
    await closer().catch((error: unknown) => console.error('not everything was cleaned up:', error));
  }
}

async function withPair<T>(pair: BenchPair, action: () => Promise<T>): Promise<T> {
  closers.push(() => pair.cluster.close());
  try {
    return await action();
  } catch (error) {
    await pair.printLogs();
    throw error;
  } finally {
    await closers.pop()?.();
  }
}

async function measure(options: BenchOptions, endpoint: string, program: string): Promise<Figures> {
  progress('memory, step by step');
  const memory = await measureMemorySteps(program);
  const profiles: ProfileFigures[] = [];
  let bare: Figures['bare'] | null = null;
  const startsMs: number[] = [];
  for (const profile of options.profiles) {
    const pair = await BenchPair.start({ endpoint, program, profile });
    const figures = await withPair(pair, async () => {
      if (bare === null) {
        progress('bare API calls through the same proxy');
        bare = await measureBareCalls(pair, options.takeovers);
        progress('starts');
        while (startsMs.length < STARTS) startsMs.push(await measureStart(pair, 'aux'));
      }
      await pair.cluster.placeAddress('main');
      return runProfile(pair, profile, options, progress);
    });
    profiles.push(figures);
  }
  return { profiles, bare: bare!, startsMs, memory };
}

async function conditions(loadBefore: number): Promise<string> {
  const commit = await promisify(execFile)('git', ['rev-parse', '--short', 'HEAD'], {
    cwd: import.meta.dirname,
  })
    .then(({ stdout }) => stdout.trim())
    .catch(() => 'unknown');
  const [first] = cpus();
  return [
    `${new Date().toISOString()}, commit ${commit}, Node ${process.versions.node}, Linux ${release()}`,
    `${cpus().length} × ${first?.model ?? 'unknown'}, load ${loadBefore.toFixed(1)} before, ${loadavg()[0]!.toFixed(1)} after`,
    'AssociateAddress delayed by 600 ms, Describe… by 150, other calls by 100; a new connection every 20 ms',
    'median [least..most]; the own share is what of decision to first answer the two API calls do not take',
  ].join('\n');
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') {
    console.log(USAGE);
    return 0;
  }
  const missing = process.getuid?.() === 0 ? missingRequirement() : 'it needs root: sudo npm run bench';
  if (missing !== null) {
    console.error(`the benchmark cannot run here: ${missing}`);
    return CANNOT;
  }
  const folder = await mkdtemp(join(tmpdir(), 'eipkeeper-bench-'));
  closers.push(() => rm(folder, { recursive: true, force: true }));
  // A copy, so that a build meanwhile does not change what is measured.
  const program = join(folder, 'eipkeeper.mjs');
  await copyFile(new URL('../dist/eipkeeper.mjs', import.meta.url), program);
  const loadBefore = loadavg()[0]!;
  progress('starting LocalStack');
  const localstack: LocalStack = await startLocalStack(folder, process.pid);
  closers.push(() => stopLocalStack(localstack));
  if (localstack.status === 'missing') {
    console.error(`the benchmark cannot run here: ${localstack.reason}`);
    return CANNOT;
  }
  const figures = await measure(options, localstack.endpoint, program);
  console.log(`\n${await conditions(loadBefore)}\n\n${formatTable(rowsOf(figures))}`);
  return 0;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void close().then(() => process.exit(1)));
}
let exitCode = 1;
try {
  exitCode = await main();
} catch (error) {
  console.error('the benchmark has no figures:', error);
} finally {
  await close();
}
process.exit(exitCode);
