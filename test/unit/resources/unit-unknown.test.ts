import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Haproxy } from '../../../src/resources/haproxy.ts';
import { Nginx } from '../../../src/resources/nginx.ts';
import { runProcess } from '../../../src/resources/process-runner.ts';
import type { ResourceAdapter } from '../../../src/resources/resource-adapter.ts';

vi.mock('node:fs', async (actual) => {
  const fs = await actual<typeof import('node:fs')>();
  return { ...fs, existsSync: (path: string) => path === '/run/systemd/system' || fs.existsSync(path) };
});
/** A systemctl that has no time to answer. */
vi.mock('../../../src/resources/process-runner.ts', async (actual) => {
  const real = await actual<{ readonly runProcess: typeof runProcess }>();
  const hangs = { kind: 'timed-out', output: 'Connection timed out' } as const;
  const run: typeof runProcess = async (command, options) =>
    command[0] === 'systemctl' ? hangs : real.runProcess(command, options);
  return { ...real, runProcess: vi.fn(run) };
});

const limits = { deadlineMs: 3_000, signal: new AbortController().signal };

describe.each(['nginx', 'haproxy'])('%s whose unit systemd does not tell of', (name) => {
  let dir: string;
  let resource: ResourceAdapter;
  let master: ChildProcess | null = null;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'unit-unknown-'));
    const config = join(dir, 'server.conf');
    writeFileSync(config, `pid ${dir}/server.pid;\n`);
    // As its test it succeeds; to be run it would be seen.
    const binary = join(dir, 'server');
    writeFileSync(
      binary,
      `#!/bin/sh\ncase "$*" in *-V*|*-T*|*"-c -f"*) ;; *) touch ${dir}/launched ;; esac\n`,
      {
        mode: 0o755,
      },
    );
    const options = {
      config,
      unit: `${name}.service`,
      health: null,
      startTimeoutMs: 2_000,
      stopTimeoutMs: 2_000,
    };
    const create = (program: string) =>
      name === 'nginx'
        ? new Nginx({ ...options, binary: program })
        : new Haproxy({ ...options, binary: program });
    resource = create(binary);
    run = async () => {
      const words = ['-e', 'setInterval(() => {}, 1000)', '--', '-f', config];
      const title = 'nginx: master process';
      master = spawn(process.execPath, words, { argv0: title, stdio: 'ignore', detached: true });
      await once(master, 'spawn');
      writeFileSync(join(dir, 'server.pid'), `${master.pid}\n`);
      resource = create(process.execPath);
    };
  });
  afterEach(() => {
    master?.kill('SIGKILL');
    master = null;
    rmSync(dir, { recursive: true });
  });
  let run = async () => {};

  it('is not started beside it', async () => {
    expect(await resource.start(limits)).toEqual({
      kind: 'failed',
      reason: expect.stringContaining(`systemd does not tell of ${name}.service`),
    });
    expect(existsSync(join(dir, 'launched'))).toBe(false);
  });

  it('is left alone while it runs', async () => {
    await run();
    expect(await resource.start(limits)).toEqual({ kind: 'running' });
    expect(master).toMatchObject({ exitCode: null, signalCode: null });
  });

  it('is stopped, and not called stopped, since systemd may start it again', async () => {
    await run();
    const ended = once(master!, 'exit');
    expect(await resource.stop(limits)).toEqual({
      kind: 'failed',
      reason: expect.stringMatching(new RegExp(`does not tell of ${name}.service, and may start it again: `)),
    });
    await ended;
    expect(vi.mocked(runProcess).mock.calls.some(([command]) => command.includes('stop'))).toBe(true);
  });
});
