import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { monitorSchema } from '../../../src/config/monitor-schema.ts';
import { CheckedResource } from '../../../src/resources/checked-resource.ts';
import { createChecks } from '../../../src/resources/checks.ts';
import type { ProcessEntry } from '../../../src/resources/process-table.ts';
import {
  type ResourceAdapter,
  type ResourceState,
  RUNNING,
  STOPPED,
  unhealthyState,
} from '../../../src/resources/resource-adapter.ts';

const signal = new AbortController().signal;

/** Real sockets, processes and commands. */
describe('a check', () => {
  let dir: string;
  let server: Server;
  let answer: { status: number; body: string | null } = { status: 200, body: 'all is well' };
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'checks-'));
    answer = { status: 200, body: 'all is well' };
    server = createServer((_, response) => {
      response.statusCode = answer.status;
      if (answer.body !== null) response.end(answer.body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
    rmSync(dir, { recursive: true });
  });

  const port = () => (server.address() as AddressInfo).port;
  const url = () => `http://127.0.0.1:${port()}/`;
  const seen: ProcessEntry[][] = [];
  async function found(monitor: object, deadlineMs = 5_000): Promise<string> {
    const { checks } = monitorSchema.parse(monitor);
    const [check] = createChecks(checks, (processes) => seen.push([...processes]));
    const state = await check!({ deadlineMs, signal });
    return 'reason' in state ? `${state.kind}: ${state.reason}` : state.kind;
  }

  it('of HTTP looks at status and body', async () => {
    expect(await found({ http: { url: url() } })).toBe('running');
    expect(await found({ http: { url: url(), expectBody: 'well' } })).toBe('running');
    expect(await found({ http: { url: url(), expectBody: 'ill' } })).toContain('answered without "ill"');
    answer = { status: 503, body: 'well' };
    expect(await found({ http: { url: url(), expectBody: 'well' } })).toContain('answered 503, expected 200');
    expect(await found({ http: { url: url(), expectStatus: 503 } })).toBe('running');
  });

  it('of HTTP reads no more of an endless answer than it must', async () => {
    answer = { status: 200, body: `${'x'.repeat(200_000)}needle` };
    expect(await found({ http: { url: url(), expectBody: 'needle' } })).toContain('answered without');
  });

  it('of a service that does not answer finds it unwell', async () => {
    answer = { status: 200, body: null };
    expect(await found({ http: { url: url() } }, 100)).toMatch(/^unhealthy: .*did not answer within 100 ms/);
    const closed = port();
    await new Promise((resolve) => server.close(resolve));
    expect(await found({ tcp: `127.0.0.1:${closed}` })).toMatch(/^unhealthy: .*ECONNREFUSED/);
    expect(await found({ http: { url: `http://127.0.0.1:${closed}/` } })).toMatch(/^unhealthy: /);
  });

  it('of a port takes a connection', async () => {
    expect(await found({ tcp: `127.0.0.1:${port()}` })).toBe('running');
  });

  it('of a command goes by its exit status', async () => {
    expect(await found({ command: ['/bin/true'] })).toBe('running');
    expect(await found({ command: ['/bin/false'] })).toMatch(/^unhealthy: .*exited with 1/);
  });

  it('of a command that hangs or cannot be run says nothing', async () => {
    expect(await found({ command: ['/bin/sleep', '60'] }, 100)).toMatch(/^failed: /);
    expect(await found({ command: ['/no/such/program'] })).toMatch(/^failed: /);
  });

  it('of a process finds the one in the pid file, and tells it to the watch', async () => {
    const pidFile = join(dir, 'pid');
    expect(await found({ process: { pidFile } })).toMatch(/^unhealthy: .*ENOENT/);
    writeFileSync(pidFile, `${process.pid}\n`);
    expect(await found({ process: { pidFile } })).toBe('running');
    expect(seen.at(-1)?.map(({ pid }) => pid)).toEqual([process.pid]);
    writeFileSync(pidFile, '4194304\n');
    expect(await found({ process: { pidFile } })).toMatch(/^unhealthy: .*does not live/);
    expect(await found({ process: { pidFile: dir } })).toMatch(/^failed: .*EISDIR/);
  });

  it('of a program finds any process of it', async () => {
    expect(await found({ process: { executable: process.execPath } })).toBe('running');
    expect(await found({ process: { executable: join(dir, 'none') } })).toMatch(/^unhealthy: /);
  });

  it('of a unit says nothing where systemd does not know it', async () => {
    expect(await found({ systemd: 'no-such-unit-of-a-test.service' })).toMatch(/^failed: /);
  });
});

describe('a resource with checks', () => {
  const calls: string[] = [];
  function resource(check: () => ResourceState): CheckedResource {
    calls.length = 0;
    let running = true;
    const inner: ResourceAdapter = {
      name: 'web',
      validate: async () => RUNNING,
      monitor: async () => (running ? RUNNING : STOPPED),
      start: async () => {
        if (!running) calls.push('started');
        running = true;
        return RUNNING;
      },
      stop: async () => {
        calls.push('stopped');
        running = false;
        return STOPPED;
      },
    };
    return new CheckedResource(inner, [async () => check()], 1_000, () => []);
  }

  it('is restarted although it sees nothing wrong itself', async () => {
    const checked = resource(() => (calls.includes('started') ? RUNNING : unhealthyState('answered 500')));
    expect(await checked.monitor({ deadlineMs: 1_000, signal })).toEqual(unhealthyState('web: answered 500'));
    expect(await checked.start({ deadlineMs: 5_000, signal })).toEqual(RUNNING);
    expect(calls).toEqual(['stopped', 'started']);
  });

  it('has failed to start while a check is not content', async () => {
    const checked = resource(() => unhealthyState('answered 500'));
    const state = await checked.start({ deadlineMs: 300, signal });
    expect(state).toMatchObject({ kind: 'failed', reason: expect.stringContaining('web: answered 500') });
  });

  it('is left alone by a check that could not run', async () => {
    const checked = resource(() => ({ kind: 'failed', reason: 'the check hangs' }));
    expect(await checked.start({ deadlineMs: 1_000, signal })).toEqual(RUNNING);
    expect(calls).toEqual([]);
  });
});
