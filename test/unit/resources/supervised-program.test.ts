import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SupervisedProgram } from '../../../src/resources/supervised-program.ts';

describe('a supervised program', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'supervised-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it('has its monitor command run ten times a second at the most while it gets ready', async () => {
    const program = new SupervisedProgram({
      id: 'web.sleep',
      run: ['/bin/sleep', '60'],
      monitor: ['/bin/sh', '-c', `echo >>${dir}/looks; exit 1`],
      cwd: null,
      env: {},
      startTimeoutMs: 700,
      stopTimeoutMs: 5_000,
      monitorTimeoutMs: 5_000,
      runDir: dir,
    });
    const limits = { deadlineMs: 10_000, signal: new AbortController().signal };
    const beganMs = performance.now();
    const { kind } = await program.start(limits);
    const passedMs = performance.now() - beganMs;
    await program.stop(limits);
    expect(kind).not.toBe('running');
    const { length } = readFileSync(join(dir, 'looks'), 'utf8');
    expect(length).toBeGreaterThan(1);
    expect(length).toBeLessThanOrEqual(passedMs / 100 + 2);
  });
});
