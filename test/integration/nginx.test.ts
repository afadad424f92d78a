import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Nginx, type NginxOptions } from '../../src/resources/nginx.ts';
import { findMaster, findOrphans } from '../../src/resources/nginx-processes.ts';
import { readProcess } from '../../src/resources/process-table.ts';
import type { ResourceState } from '../../src/resources/resource-adapter.ts';
import { freePort } from './free-port.ts';

const limits = { deadlineMs: 5000, signal: new AbortController().signal };
const executable = '/usr/sbin/nginx';

/** Real nginx, on loopback, with a configuration, a port and a pid file of its own. */
describe('nginx', () => {
  let dir: string;
  let config: string;
  let pidFile: string;
  let port: number;
  const servers: Server[] = [];

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'nginx-test-'));
    config = join(dir, 'nginx.conf');
    pidFile = join(dir, 'nginx.pid');
    port = await freePort();
    writeConfig();
  });

  afterEach(async () => {
    for (const server of servers.splice(0)) server.close();
    const identity = { executable, config, pidFile };
    const master = await findMaster(identity);
    const orphans = await findOrphans(identity, pidIn(pidFile));
    for (const entry of [...(master === null ? [] : [master]), ...orphans])
      process.kill(entry.pid, 'SIGTERM');
    await expect.poll(() => findMaster(identity)).toBeNull();
    rmSync(dir, { recursive: true, force: true });
  });

  function writeConfig(extra = '', main = '') {
    writeFileSync(
      config,
      `${main}
pid ${pidFile};
error_log ${dir}/error.log;
worker_processes 2;
events {}
http {
  access_log off;
  client_body_temp_path ${dir}/body; proxy_temp_path ${dir}/proxy; fastcgi_temp_path ${dir}/fcgi;
  uwsgi_temp_path ${dir}/uwsgi; scgi_temp_path ${dir}/scgi;
  server { listen 127.0.0.1:${port}; location / { return 200 'served'; } ${extra} }
}
`,
    );
  }

  function nginx(changes: Partial<NginxOptions> = {}): Nginx {
    return new Nginx({
      config,
      binary: executable,
      unit: 'eipkeeper-test-no-such-unit.service',
      health: { url: `http://127.0.0.1:${port}/`, timeoutMs: 500, expectStatus: 200 },
      startTimeoutMs: 4000,
      stopTimeoutMs: 3000,
      ...changes,
    });
  }

  const pidIn = (file: string): number | null => {
    try {
      return Number.parseInt(readFileSync(file, 'utf8'), 10) || null;
    } catch {
      return null;
    }
  };
  const reasonOf = (state: ResourceState) => ('reason' in state ? state.reason : state.kind);
  const ask = async () => (await request(`http://127.0.0.1:${port}/`, { reset: true })).body.text();

  it('starts, serves, is seen running, and stops', async () => {
    const resource = nginx();
    expect(await resource.monitor(limits)).toEqual({ kind: 'stopped' });
    expect(await resource.start(limits)).toEqual({ kind: 'running' });
    expect(await ask()).toBe('served');
    expect(await resource.monitor(limits)).toEqual({ kind: 'running' });
    expect(await resource.stop(limits)).toEqual({ kind: 'stopped' });
    expect(await resource.monitor(limits)).toEqual({ kind: 'stopped' });
  });

  it('leaves what runs alone when told to start it again', async () => {
    await nginx().start(limits);
    const before = pidIn(pidFile);
    expect(await nginx().start(limits)).toEqual({ kind: 'running' });
    expect(pidIn(pidFile)).toBe(before);
  });

  it('calls it success to stop what does not run', async () => {
    expect(await nginx().stop(limits)).toEqual({ kind: 'stopped' });
  });

  it('clears the workers that a killed master left on the port, and starts', async () => {
    const resource = nginx();
    await resource.start(limits);
    const master = pidIn(pidFile)!;
    process.kill(master, 'SIGKILL');
    await expect.poll(() => readProcess(master)).toBeNull();
    expect(await ask()).toBe('served');
    expect(reasonOf(await resource.monitor(limits))).toContain('2 of its workers still hold the port');

    expect(await nginx().start(limits)).toEqual({ kind: 'running' });
    expect(pidIn(pidFile)).not.toBe(master);
    expect(await findOrphans({ executable, config, pidFile }, master)).toEqual([]);
  });

  it('stops workers whose master is gone', async () => {
    await nginx().start(limits);
    const master = pidIn(pidFile)!;
    process.kill(master, 'SIGKILL');
    await expect.poll(() => readProcess(master)).toBeNull();
    expect(await nginx().stop(limits)).toEqual({ kind: 'stopped' });
    await expect(ask()).rejects.toThrow('ECONNREFUSED');
  });

  it('never touches the workers of another nginx', async () => {
    const other = mkdtempSync(join(tmpdir(), 'nginx-other-'));
    const otherPort = await freePort();
    const otherConfig = join(other, 'nginx.conf');
    writeFileSync(
      otherConfig,
      readFileSync(config, 'utf8').replaceAll(dir, other).replaceAll(String(port), String(otherPort)),
    );
    const neighbour = nginx({ config: otherConfig, health: null });
    try {
      await neighbour.start(limits);
      await nginx().start(limits);
      process.kill(pidIn(pidFile)!, 'SIGKILL');
      await nginx().start(limits);
      await nginx().stop(limits);
      expect(await neighbour.monitor(limits)).toEqual({ kind: 'running' });
      const response = await request(`http://127.0.0.1:${otherPort}/`, { reset: true });
      expect(await response.body.text()).toBe('served');
    } finally {
      await neighbour.stop(limits);
      rmSync(other, { recursive: true, force: true });
    }
  });

  it('does not believe a pid file that names another program', async () => {
    writeFileSync(pidFile, `${process.pid}\n`);
    expect(await nginx().monitor(limits)).toEqual({ kind: 'stopped' });
    expect(await nginx().stop(limits)).toEqual({ kind: 'stopped' });
  });

  it('finds its master when the pid file was lost', async () => {
    await nginx().start(limits);
    const master = pidIn(pidFile)!;
    rmSync(pidFile);
    expect(await nginx().monitor(limits)).toEqual({ kind: 'running' });
    expect(await nginx().stop(limits)).toEqual({ kind: 'stopped' });
    expect(await readProcess(master)).toBeNull();
  });

  it('refuses a broken configuration with the line at fault, and starts nothing', async () => {
    writeConfig('no_such_directive on;');
    expect(reasonOf(await nginx().validate(limits))).toMatch(/nginx -t -c .* failed: .*no_such_directive/);
    expect((await nginx().start(limits)).kind).toBe('failed');
    expect(await nginx().monitor(limits)).toEqual({ kind: 'stopped' });
  });

  it('still stops what runs after its configuration has become broken', async () => {
    await nginx().start(limits);
    writeConfig('no_such_directive on;');
    expect((await nginx().validate(limits)).kind).toBe('failed');
    expect(await nginx().stop(limits)).toEqual({ kind: 'stopped' });
  });

  it('refuses "daemon off" where no unit runs it', async () => {
    writeConfig('', 'daemon off;');
    expect(reasonOf(await nginx().start(limits))).toContain('daemon off');
  });

  it('says who holds the port', async () => {
    const squatter = createServer().listen(port, '127.0.0.1');
    servers.push(squatter);
    await new Promise((resolve) => squatter.once('listening', resolve));
    const reason = reasonOf(await nginx().start(limits));
    expect(reason).toContain(`port ${port} is in use by`);
    expect(reason).toContain(`(pid ${process.pid})`);
  });

  it('fails its health check on another status', async () => {
    const resource = nginx({
      health: { url: `http://127.0.0.1:${port}/x`, timeoutMs: 500, expectStatus: 204 },
    });
    expect(reasonOf(await resource.start({ ...limits, deadlineMs: 600 }))).toContain(
      'answered 200, expected 204',
    );
    expect(reasonOf(await resource.monitor(limits))).toContain('answered 200, expected 204');
  });

  it('fails its health check in its own time when nginx hangs', async () => {
    await nginx().start(limits);
    const entry = await findMaster({ executable, config, pidFile });
    const children = execFileSync('ps', ['-o', 'pid=', '--ppid', String(entry?.pid)], { encoding: 'utf8' });
    const workers = children.trim().split('\n').map(Number);
    for (const worker of workers) process.kill(worker, 'SIGSTOP');
    try {
      const resource = nginx({
        health: { url: `http://127.0.0.1:${port}/`, timeoutMs: 150, expectStatus: 200 },
      });
      expect(reasonOf(await resource.monitor(limits))).toContain('did not answer within 150 ms');
    } finally {
      for (const worker of workers) process.kill(worker, 'SIGCONT');
    }
  });

  it('lets a request that is being answered end before it stops', async () => {
    const slow = createServer((_, response) => setTimeout(() => response.end('slow answer'), 400));
    servers.push(slow.listen(0, '127.0.0.1'));
    await new Promise((resolve) => slow.once('listening', resolve));
    const address = slow.address();
    const upstream = typeof address === 'object' && address !== null ? address.port : 0;
    writeConfig(`location /slow { proxy_pass http://127.0.0.1:${upstream}; }`);
    await nginx().start(limits);
    const answer = request(`http://127.0.0.1:${port}/slow`).then((response) => response.body.text());
    await new Promise<void>((resolve) => slow.once('request', () => resolve()));
    expect(await nginx().stop(limits)).toEqual({ kind: 'stopped' });
    expect(await answer).toBe('slow answer');
  });

  it('restarts one that lives but does not answer', async () => {
    await nginx().start(limits);
    const master = pidIn(pidFile)!;
    const children = execFileSync('ps', ['-o', 'pid=', '--ppid', String(master)], { encoding: 'utf8' });
    for (const worker of children.trim().split('\n').map(Number)) process.kill(worker, 'SIGSTOP');
    const health = { url: `http://127.0.0.1:${port}/`, timeoutMs: 150, expectStatus: 200 };
    expect((await nginx({ health }).monitor(limits)).kind).toBe('unhealthy');
    expect(await nginx({ health, startTimeoutMs: 3000 }).start(limits)).toEqual({ kind: 'running' });
    expect(pidIn(pidFile)).not.toBe(master);
    expect(await ask()).toBe('served');
  });

  it('stops by its deadline although a client never ends its request', async () => {
    await nginx().start(limits);
    const client = connect(port, '127.0.0.1');
    client.on('error', () => {});
    client.write('GET / HTTP/1.1\r\nHost: x\r\n');
    await new Promise((resolve) => client.once('connect', resolve));
    const began = performance.now();
    expect(await nginx({ stopTimeoutMs: 800 }).stop(limits)).toEqual({ kind: 'stopped' });
    expect(performance.now() - began).toBeLessThan(1500);
    client.destroy();
  });
});
