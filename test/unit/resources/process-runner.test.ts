import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeOutcome, oneLine, runProcess } from '../../../src/resources/process-runner.ts';
import { isAlive, parseStat, readProcess } from '../../../src/resources/process-table.ts';

const never = new AbortController().signal;
const limits = { deadlineMs: 5000, signal: never, killGraceMs: 100 };

describe('runProcess', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'runner-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('answers the exit code and what was said on both streams', async () => {
    const outcome = await runProcess(['/bin/sh', '-c', 'echo out; echo err >&2; exit 3'], limits);
    expect(outcome).toMatchObject({ kind: 'exited', code: 3 });
    expect(outcome).toHaveProperty('output', expect.stringMatching(/out[\s\S]*err|err[\s\S]*out/));
  });

  it('passes arguments as they are, without a shell', async () => {
    const outcome = await runProcess(['/bin/echo', '$HOME; rm -rf x', '*'], limits);
    expect(outcome).toEqual({ kind: 'exited', code: 0, output: '$HOME; rm -rf x *' });
  });

  it('says why a program could not be run', async () => {
    const outcome = await runProcess(['/nonexistent/program'], limits);
    expect(outcome).toMatchObject({ kind: 'not-started', reason: expect.stringContaining('ENOENT') });
  });

  it('keeps only the end of a long output', async () => {
    const outcome = await runProcess(['/usr/bin/seq', '1', '100000'], limits);
    expect(outcome).toMatchObject({ kind: 'exited', code: 0 });
    const output = 'output' in outcome ? outcome.output : '';
    expect(output.length).toBeLessThanOrEqual(4096);
    expect(output.endsWith('100000')).toBe(true);
  });

  it('keeps only the beginning when asked to', async () => {
    const outcome = await runProcess(['/usr/bin/seq', '1', '100000'], { ...limits, keep: 'head' });
    expect('output' in outcome && outcome.output.startsWith('1\n2\n')).toBe(true);
  });

  it('kills the whole process group at the deadline, also when it ignores SIGTERM', async () => {
    const script = `trap '' TERM; sh -c "trap '' TERM; sleep 30" & echo $!; wait; sleep 30`;
    const outcome = await runProcess(['/bin/sh', '-c', script], { ...limits, deadlineMs: 150 });
    expect(outcome.kind).toBe('timed-out');
    const grandchild = Number('output' in outcome ? outcome.output.split('\n')[0] : 0);
    expect(grandchild).toBeGreaterThan(1);
    expect(await readProcess(grandchild)).toBeNull();
  });

  it('ends the command when it is called off', async () => {
    const controller = new AbortController();
    const running = runProcess(['/bin/sleep', '30'], { ...limits, signal: controller.signal });
    controller.abort();
    expect((await running).kind).toBe('aborted');
  });

  it('does not begin what was called off before', async () => {
    const outcome = await runProcess(['/bin/sh', '-c', `echo x > ${dir}/made`], {
      ...limits,
      signal: AbortSignal.abort(),
    });
    expect(outcome.kind).toBe('aborted');
    expect(() => readFileSync(join(dir, 'made'))).toThrow();
  });

  it('does not wait for a child that keeps the pipes open', async () => {
    const beganMs = performance.now();
    const outcome = await runProcess(['/bin/sh', '-c', 'sleep 30 & echo $!'], limits);
    expect(performance.now() - beganMs).toBeLessThan(2000);
    expect(outcome).toMatchObject({ kind: 'exited', code: 0 });
    process.kill(Number('output' in outcome ? outcome.output : 0), 'SIGKILL');
  });

  it('gives a service left behind a file to write to, not a pipe that breaks', async () => {
    const outputFile = join(dir, 'start.log');
    const script = '(sleep 0.2; echo later; sleep 30) & echo $!';
    const outcome = await runProcess(['/bin/sh', '-c', script], { ...limits, outputFile });
    const pid = Number('output' in outcome ? outcome.output : 0);
    const service = await readProcess(pid);
    await expect.poll(() => readFileSync(outputFile, 'utf8')).toContain('later');
    expect(service !== null && (await isAlive(service))).toBe(true);
    process.kill(-(service?.groupId ?? 0), 'SIGKILL');
  });

  it('runs the command also when its output file cannot be opened', async () => {
    const outputFile = join(dir, 'missing', 'start.log');
    expect(await runProcess(['/bin/echo', 'x'], { ...limits, outputFile })).toEqual({
      kind: 'exited',
      code: 0,
      output: '',
    });
  });
});

describe('describeOutcome', () => {
  it('says how a command ended and its last words on one line', () => {
    const outcome = { kind: 'exited', code: 1, output: 'first\n  second' } as const;
    expect(describeOutcome(['nginx', '-t'], outcome)).toBe('"nginx -t" exited with 1: first | second');
  });

  it('keeps the end of what is too long for a line', () => {
    expect(oneLine('x'.repeat(1000)).length).toBe(301);
  });
});

describe('parseStat', () => {
  it('reads past a program name with spaces and parentheses', () => {
    const rest = Array.from({ length: 30 }, (_, i) => i + 100).join(' ');
    const entry = parseStat(`42 (a) b (c) S 1 2 3 ${rest}`);
    expect(entry).toMatchObject({ pid: 42, parentPid: 1, groupId: 2, sessionId: 3, startTicks: 115 });
  });
});
