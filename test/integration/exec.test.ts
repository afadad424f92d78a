import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ExecResource } from '../../src/resources/exec.ts';
import { findProcesses, readProcess } from '../../src/resources/process-table.ts';
import type { ResourceState } from '../../src/resources/resource-adapter.ts';
import { SupervisedProgram } from '../../src/resources/supervised-program.ts';

const limits = { deadlineMs: 4000, signal: new AbortController().signal };
const reasonOf = (state: ResourceState) => ('reason' in state ? state.reason : state.kind);
const timeouts = { startTimeoutMs: 3000, stopTimeoutMs: 2000, monitorTimeoutMs: 1000 };
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'exec-test-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function script(name: string, body: string): string[] {
  const file = join(dir, name);
  writeFileSync(file, `#!/bin/sh\n${body}\n`);
  chmodSync(file, 0o755);
  return [file];
}

describe('three commands of the operator', () => {
  const resource = (changes: Partial<Record<'start' | 'stop' | 'monitor', string>> = {}) =>
    new ExecResource({
      id: 'worker',
      start: script('start', changes.start ?? `echo up >> ${dir}/calls; touch ${dir}/on`),
      stop: script('stop', changes.stop ?? `echo down >> ${dir}/calls; rm ${dir}/on`),
      monitor: script('monitor', changes.monitor ?? `test -e ${dir}/on || exit 7`),
      cwd: null,
      env: {},
      runDir: dir,
      ...timeouts,
    });

  it('starts and stops what is not so already, once', async () => {
    const worker = resource();
    expect(await worker.monitor(limits)).toEqual({ kind: 'stopped' });
    expect(await worker.start(limits)).toEqual({ kind: 'running' });
    expect(await worker.start(limits)).toEqual({ kind: 'running' });
    expect(await worker.stop(limits)).toEqual({ kind: 'stopped' });
    expect(await worker.stop(limits)).toEqual({ kind: 'stopped' });
    expect(readFileSync(join(dir, 'calls'), 'utf8')).toBe('up\ndown\n');
  });

  it('reads 3 and 7 as stopped and any other code as running badly', async () => {
    expect(await resource({ monitor: 'exit 3' }).monitor(limits)).toEqual({ kind: 'stopped' });
    expect(reasonOf(await resource({ monitor: 'echo disk on fire; exit 1' }).monitor(limits))).toMatch(
      /^exec worker: monitor: .* exited with 1: disk on fire$/,
    );
  });

  it('does not take a monitor that hangs for a broken service', async () => {
    const state = await resource({ monitor: 'sleep 60' }).monitor({ ...limits, deadlineMs: 200 });
    expect(state.kind).toBe('failed');
  });

  it('stops what runs badly before it starts it again', async () => {
    writeFileSync(join(dir, 'ill'), '');
    const worker = resource({
      monitor: `test -e ${dir}/ill && exit 1; test -e ${dir}/on || exit 7`,
      stop: `echo down >> ${dir}/calls; rm -f ${dir}/ill ${dir}/on`,
    });
    expect((await worker.monitor(limits)).kind).toBe('unhealthy');
    expect(await worker.start(limits)).toEqual({ kind: 'running' });
    expect(readFileSync(join(dir, 'calls'), 'utf8')).toBe('down\nup\n');
  });

  it('fails a start whose monitor still says stopped', async () => {
    expect(reasonOf(await resource({ start: 'exit 0' }).start(limits))).toContain(
      'monitor says that it is stopped',
    );
  });

  it('fails a stop whose monitor still says running', async () => {
    const worker = resource({ stop: 'exit 0' });
    await worker.start(limits);
    expect(reasonOf(await worker.stop(limits))).toContain('monitor says that it runs');
  });

  it('waits a moment for a service that its monitor sees a little later', async () => {
    const worker = resource({ start: `(sleep 0.3; touch ${dir}/on) > /dev/null 2>&1 &` });
    expect(await worker.start(limits)).toEqual({ kind: 'running' });
  });

  it('fails a start that hangs, by its deadline, with its last words', async () => {
    const worker = resource({ start: 'echo waiting for the disk; sleep 60' });
    expect(reasonOf(await worker.start({ ...limits, deadlineMs: 300 }))).toMatch(
      /did not finish in time and was killed: waiting for the disk/,
    );
  });
});

describe('what a service says', () => {
  const megabytes = (count: number) => `head -c ${count}M /dev/zero | tr '\\0' x`;

  it('is kept bounded while it starts and after, and its end is not lost', async () => {
    const worker = new ExecResource({
      id: 'loud',
      start: script('start', `${megabytes(20)}; touch ${dir}/on; echo last words`),
      stop: script('stop', 'exit 0'),
      monitor: script('monitor', `${megabytes(20)}; test -e ${dir}/on || exit 7`),
      cwd: null,
      env: {},
      runDir: dir,
      startTimeoutMs: 15_000,
      stopTimeoutMs: 15_000,
      monitorTimeoutMs: 15_000,
    });
    expect(await worker.start({ ...limits, deadlineMs: 60_000 })).toEqual({ kind: 'running' });
    const said = readFileSync(join(dir, 'loud.start.log'), 'utf8');
    expect(said.length).toBeLessThan(2 ** 20);
    expect(said).toMatch(/last words\n$/);
  });

  it('is kept bounded for a program that goes on and on', async () => {
    const loud = new SupervisedProgram({
      id: 'loud',
      run: script('run', `${megabytes(5)}; sleep 1000`),
      monitor: [],
      cwd: null,
      env: {},
      runDir: dir,
      ...timeouts,
    });
    const size = () => readFileSync(join(dir, 'loud.log')).length;
    await loud.start(limits);
    await expect
      .poll(
        async () => {
          await loud.monitor(limits);
          return size();
        },
        { timeout: 10_000 },
      )
      .toBe(64 * 1024);
    await loud.stop(limits);
  });
});

describe('a supervised program', () => {
  const program = (run: string[], changes: { runDir?: string; id?: string } = {}) =>
    new SupervisedProgram({
      id: 'program',
      run,
      monitor: [],
      cwd: null,
      env: { GREETING: 'hello' },
      runDir: dir,
      ...timeouts,
      ...changes,
    });
  const unique = () => `test-${process.pid}-${performance.now()}`;

  it('starts it once, with its environment, and stops it with all it started', async () => {
    const run = script('run', `echo "$GREETING" > ${dir}/said; sleep 60 & wait`);
    const resource = program(run);
    expect(await resource.start(limits)).toEqual({ kind: 'running' });
    expect(await resource.start(limits)).toEqual({ kind: 'running' });
    expect(readFileSync(join(dir, 'said'), 'utf8')).toBe('hello\n');
    const { pid } = JSON.parse(readFileSync(join(dir, 'program.pid'), 'utf8'));
    expect(resource.processes.map((entry) => entry.pid)).toEqual([pid]);
    expect(await resource.stop(limits)).toEqual({ kind: 'stopped' });
    expect(await resource.monitor(limits)).toEqual({ kind: 'stopped' });
    await expect.poll(() => findProcesses((entry) => entry.groupId === pid)).toEqual([]);
    expect(existsSync(join(dir, 'program.pid'))).toBe(false);
  });

  it('is recognised by another daemon, which does not start a second one', async () => {
    const run = ['/bin/sleep', '60'];
    await program(run).start(limits);
    const before = readFileSync(join(dir, 'program.pid'), 'utf8');
    const after = program(run);
    expect(await after.monitor(limits)).toEqual({ kind: 'running' });
    expect(await after.start(limits)).toEqual({ kind: 'running' });
    expect(readFileSync(join(dir, 'program.pid'), 'utf8')).toBe(before);
    expect(await after.stop(limits)).toEqual({ kind: 'stopped' });
  });

  it('outlives the daemon that started it', async () => {
    const starter = join(dir, 'starter.ts');
    const source = new URL('../../src/resources/supervised-program.ts', import.meta.url).pathname;
    writeFileSync(
      starter,
      `import { SupervisedProgram } from '${source}';
       const resource = new SupervisedProgram({ id: 'program', run: ['/bin/sh', '-c', 'while :; do echo tick; sleep 0.05; done'],
         monitor: [], cwd: null, env: {}, runDir: '${dir}', startTimeoutMs: 3000, stopTimeoutMs: 2000, monitorTimeoutMs: 1000 });
       const state = await resource.start({ deadlineMs: 3000, signal: new AbortController().signal });
       console.log(state.kind);
       process.kill(process.pid, 'SIGKILL');`,
    );
    const daemon = spawnSync(process.execPath, [starter], { encoding: 'utf8' });
    expect(daemon.stdout).toBe('running\n');
    const size = () => readFileSync(join(dir, 'program.log'), 'utf8').length;
    const sizeThen = size();
    await expect.poll(size).toBeGreaterThan(sizeThen);
    const resource = program([]);
    expect(await resource.monitor(limits)).toEqual({ kind: 'running' });
    expect(await resource.stop(limits)).toEqual({ kind: 'stopped' });
  });

  it('does not take another process under an old number for its own', async () => {
    const own = await readProcess(process.pid);
    const saved = { pid: process.pid, startTicks: (own?.startTicks ?? 0) - 1, bootId: 'another' };
    writeFileSync(join(dir, 'program.pid'), JSON.stringify(saved));
    expect(await program(['/bin/sleep', '60']).monitor(limits)).toEqual({ kind: 'stopped' });
  });

  it('finds it without a pid file, as on a full or read-only disk', async () => {
    const id = unique();
    const nowhere = join(dir, 'a-file', 'inside');
    writeFileSync(join(dir, 'a-file'), '');
    const run = ['/bin/sleep', '60'];
    expect(await program(run, { id, runDir: nowhere }).start(limits)).toEqual({ kind: 'running' });
    const after = program(run, { id, runDir: nowhere });
    expect(await after.monitor(limits)).toEqual({ kind: 'running' });
    expect(await after.stop(limits)).toEqual({ kind: 'stopped' });
  });

  it('fails when the program ends at once or does not exist', async () => {
    const id = unique();
    expect(reasonOf(await program(['/bin/false'], { id }).start(limits))).toContain('ended at once');
    expect(reasonOf(await program(['/no/such'], { id }).start(limits))).toContain('ENOENT');
  });

  it('kills one that ignores SIGTERM by the deadline', async () => {
    const resource = program(script('run', `trap '' TERM; while :; do sleep 0.05; done`));
    await resource.start(limits);
    expect(await resource.stop({ ...limits, deadlineMs: 400 })).toEqual({ kind: 'stopped' });
  });
});
