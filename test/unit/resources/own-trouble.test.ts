import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { monitorSchema } from '../../../src/config/monitor-schema.ts';
import { createChecks } from '../../../src/resources/checks.ts';
import { Haproxy } from '../../../src/resources/haproxy.ts';
import { Nginx } from '../../../src/resources/nginx.ts';
import type { ResourceAdapter } from '../../../src/resources/resource-adapter.ts';
import { ping } from '../../../src/runtime/ping-probe.ts';

vi.mock('undici', async (actual) => ({ ...(await actual<object>()), request: vi.fn() }));

const url = 'http://127.0.0.1/health';
const limits = { deadlineMs: 3_000, signal: new AbortController().signal };
const OWN = ['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EADDRNOTAVAIL', 'EACCES', 'EPERM'];

const failWith = (fields: object) =>
  vi.mocked(request).mockRejectedValue(Object.assign(new Error('connect'), fields));

describe('an HTTP request that this machine could not make', () => {
  const dir = mkdtempSync(join(tmpdir(), 'own-trouble-'));
  const config = join(dir, 'server.conf');
  let master: ChildProcess;
  const servers: Record<string, ResourceAdapter> = {};

  /** One that looks like the masters, in a session of its own as they are; no request comes as far as a socket. */
  beforeEach(async () => {
    const words = ['-e', 'setInterval(() => {}, 1000)', '--', '-f', config];
    const title = 'nginx: master process';
    master = spawn(process.execPath, words, { argv0: title, stdio: 'ignore', detached: true });
    await once(master, 'spawn');
    writeFileSync(join(dir, 'server.pid'), `${master.pid}\n`);
    writeFileSync(config, `pid ${dir}/server.pid;\n`);
    const health = { url, timeoutMs: 1_000, expectStatus: 200 };
    const options = { config, binary: process.execPath, unit: null, health };
    const times = { startTimeoutMs: 1_000, stopTimeoutMs: 1_000 };
    servers.nginx = new Nginx({ ...options, ...times });
    servers.haproxy = new Haproxy({ ...options, ...times });
  });
  afterEach(async () => {
    const ended = once(master, 'exit');
    if (master.exitCode === null && master.signalCode === null) {
      master.kill('SIGKILL');
      await ended;
    }
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  const check = () => createChecks(monitorSchema.parse({ http: { url } }).checks, () => {})[0]!(limits);
  const probe = () => ping({ kind: 'http', url }, 1_000, limits.signal);

  it.each(OWN)('for want of something (%s) says nothing of a service or of the network', async (code) => {
    failWith({ code });
    expect((await check()).kind).toBe('failed');
    expect(await servers.nginx!.monitor(limits)).toEqual({
      kind: 'failed',
      reason: `nginx: ${url}: connect`,
    });
    expect((await servers.haproxy!.monitor(limits)).kind).toBe('failed');
    expect(await probe()).toBe('unknown');
  });

  it('for want of the address of a name says nothing of a service, but something of the network', async () => {
    failWith({ code: 'ENOTFOUND', syscall: 'getaddrinfo' });
    expect((await check()).kind).toBe('failed');
    expect((await servers.nginx!.monitor(limits)).kind).toBe('failed');
    expect(await probe()).toBe('silent');
  });

  it.each(['nginx', 'haproxy'])('cuts no %s that runs', async (name) => {
    failWith({ code: 'EMFILE' });
    expect(await servers[name]!.start(limits)).toEqual({ kind: 'running' });
    expect([master.exitCode, master.signalCode]).toEqual([null, null]);
  });

  it('is not one that was refused', async () => {
    failWith({ code: 'ECONNREFUSED' });
    expect((await check()).kind).toBe('unhealthy');
    expect((await servers.nginx!.monitor(limits)).kind).toBe('unhealthy');
    expect((await servers.haproxy!.monitor(limits)).kind).toBe('unhealthy');
    expect((await servers.nginx!.start(limits)).kind).toBe('failed');
    expect(await probe()).toBe('silent');
  });
});
