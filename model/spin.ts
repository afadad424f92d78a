import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Configuration } from './configurations.ts';

/** What one exhaustive search came to. */
export interface Verdict {
  readonly result: 'holds' | 'broken' | 'not finished';
  readonly states: number;
  /** How many steps the longest of the shortest ways to a state has. */
  readonly depth: number;
  readonly ms: number;
  /** The steps that lead to the violation, one a line; when not finished, why. */
  readonly trail: string;
}

export interface Limits {
  readonly memoryMb: number;
  readonly timeoutMs: number;
}

/** Per search; two run at a time. */
export const LIMITS: Limits = { memoryMb: 1_400, timeoutMs: 150_000 };

const FOLDER = import.meta.dirname;
const SOURCES = ['leadership.pml', 'verify.pml', 'timing.pml', 'trace.pml'];
/** Breadth first, so that a trail is as short as can be; collapsed states, so that memory lasts. */
const SEARCH = ['-O2', '-w', '-DSAFETY', '-DBFS', '-DNOREDUCE', '-DCOLLAPSE'];
const HASH_BITS = '-w22';

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** Never rejects: a program that is missing ends with code null. */
export function run(
  program: string,
  args: readonly string[],
  cwd: string,
  timeoutMs: number,
): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { cwd, timeout: timeoutMs, maxBuffer: 64 * 1024 * 1024, killSignal: 'SIGKILL' as const };
    execFile(program, [...args], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : null;
      resolve({ code, output: stdout + stderr });
    });
  });
}

/** The programs that a search needs and that are not here. */
export async function whatIsMissing(): Promise<string[]> {
  const missing: string[] = [];
  if ((await run('spin', ['-V'], FOLDER, 10_000)).code !== 0) missing.push('spin');
  if ((await run('gcc', ['--version'], FOLDER, 10_000)).code !== 0) missing.push('gcc');
  return missing;
}

/** Compiles a model in a folder of its own, which is gone when `use` is done. */
export async function withVerifier<Result>(
  model: { readonly source: string; readonly defines: readonly string[]; readonly flags: readonly string[] },
  use: (folder: string) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'eipkeeper-model-'));
  try {
    for (const source of SOURCES) await copyFile(join(FOLDER, source), join(folder, source));
    const generated = await run('spin', ['-a', ...macros(model.defines), model.source], folder, 60_000);
    const compiled = await run('gcc', [...model.flags, '-o', 'pan', 'pan.c'], folder, 120_000);
    if (generated.code !== 0 || compiled.code !== 0) {
      throw new Error(`${model.source} cannot be compiled: ${generated.output}${compiled.output}`);
    }
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Searches everything that a configuration can do. */
export function verify(configuration: Configuration, limits: Limits): Promise<Verdict> {
  const { source, defines } = configuration;
  const flags = [...SEARCH, `-DMEMLIM=${limits.memoryMb}`];
  return withVerifier({ source, defines, flags }, async (folder) => {
    const startedMs = performance.now();
    const { output } = await run('./pan', [HASH_BITS], folder, limits.timeoutMs);
    const ms = performance.now() - startedMs;
    const counted = {
      states: numberIn(output, /(\d+) states, stored/),
      depth: numberIn(output, /depth reached (\d+)/),
      ms,
    };
    if (/errors: 0/.test(output) && !/Search not completed/.test(output)) {
      return { result: 'holds', ...counted, trail: '' };
    }
    if (/errors: [1-9]/.test(output)) {
      return { result: 'broken', ...counted, trail: await readTrail(folder, source, defines, output) };
    }
    return { result: 'not finished', ...counted, trail: lastLines(output) };
  });
}

async function readTrail(
  folder: string,
  source: string,
  defines: readonly string[],
  output: string,
): Promise<string> {
  const trail = await run('spin', ['-k', `${source}.trail`, ...macros(defines), source], folder, 60_000);
  const steps = trail.output.split('\n').filter((line) => line.includes('@ '));
  const told = steps.map((line) => `    ${line.trim().slice(2).replaceAll('_', ' ')}`);
  if (/invalid end state/.test(output)) told.push('    broken: nothing can happen any more');
  return told.join('\n');
}

const macros = (defines: readonly string[]): string[] => defines.map((define) => `-D${define}`);

const numberIn = (text: string, pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? 0);

const lastLines = (text: string): string => text.trim().split('\n').slice(-3).join('; ');
