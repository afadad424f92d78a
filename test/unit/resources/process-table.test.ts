import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findProcesses, readProcess } from '../../../src/resources/process-table.ts';

/** Anybody may start one. Its path is longer than any call can say, so it is gone to step by step. */
const DEEP = `
cd "$0"
name=$(printf %0250d 0)
for step in $(seq 20); do mkdir $name; cd -P ./$name 2>/dev/null || exit 1; done
cp /bin/sleep s
echo ready
exec env ./s 60`;

describe('the processes of a machine on which one has a path that cannot be read', () => {
  const dir = mkdtempSync(join(tmpdir(), 'deep-'));
  let deep: ReturnType<typeof spawn>;
  beforeEach(async () => {
    deep = spawn('/bin/bash', ['-c', DEEP, dir], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(deep.stdout!, 'data');
    await expect.poll(() => readProcess(deep.pid!).then((entry) => entry?.title)).toBe('./s 60');
  });
  afterEach(async () => {
    const ended = once(deep, 'exit');
    deep.kill('SIGKILL');
    await ended;
    execFileSync('rm', ['-rf', dir]);
  });

  it('are all seen', async () => {
    expect((await readProcess(deep.pid!))?.executable).toBe('');
    const pids = (await findProcesses(() => true)).map(({ pid }) => pid);
    expect(pids).toEqual(expect.arrayContaining([process.pid, deep.pid]));
    const executable = process.execPath;
    const sameProgram = await findProcesses(() => true, { executable });
    expect(sameProgram.map(({ pid }) => pid)).toContain(process.pid);
  });
});
