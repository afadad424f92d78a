import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { Haproxy, type HaproxyOptions } from '../../src/resources/haproxy.ts';
import { findHaproxy } from '../../src/resources/haproxy-processes.ts';
import { readProcess } from '../../src/resources/process-table.ts';
import type { ResourceState } from '../../src/resources/resource-adapter.ts';
import { describeWhere, missingPrograms } from '../support/describe-where.ts';
import { missingForSystemd, SystemdMachine } from '../support/systemd-machine.ts';
import { freePort } from './free-port.ts';

const RUNNING = { kind: 'running' };
const STOPPED = { kind: 'stopped' };
const limits = { deadlineMs: 15_000, signal: new AbortController().signal };
const executable = '/usr/sbin/haproxy';
const reasonOf = (state: ResourceState) => ('reason' in state ? state.reason : state.kind);

const configText = (frontend: string, rest = '') => `
defaults
  mode http
  timeout connect 1s
  timeout client 10s
  timeout server 10s
frontend front
  ${frontend}
${rest}
`;
const SERVED = 'http-request return status 200 content-type text/plain string served';

/** Real haproxy, on loopback, with a configuration and a port of its own. */
describeWhere(missingPrograms({ haproxy: 'haproxy' }), 'haproxy', () => {
  let dir: string;
  let config: string;
  let port: number;
  const servers: Server[] = [];

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'haproxy-test-'));
    config = join(dir, 'haproxy.cfg');
    port = await freePort();
    writeConfig(SERVED);
  });

  afterEach(async () => {
    for (const server of servers.splice(0)) server.close();
    const { master, workers } = await findHaproxy(executable, config);
    for (const entry of [...(master === null ? [] : [master]), ...workers])
      process.kill(entry.pid, 'SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  });

  const writeConfig = (frontend: string, rest = '') =>
    writeFileSync(config, configText(`bind 127.0.0.1:${port}\n  ${frontend}`, rest));
  const haproxy = (changes: Partial<HaproxyOptions> = {}) =>
    new Haproxy({
      config,
      binary: executable,
      unit: null,
      health: { url: `http://127.0.0.1:${port}/`, timeoutMs: 2000, expectStatus: 200 },
      startTimeoutMs: 10_000,
      stopTimeoutMs: 6000,
      ...changes,
    });
  const ask = async () => (await request(`http://127.0.0.1:${port}/`, { reset: true })).body.text();
  const master = async () => (await findHaproxy(executable, config)).master;

  it('starts, serves, is seen running, and stops; each of them twice', async () => {
    const resource = haproxy();
    expect(await resource.monitor(limits)).toEqual(STOPPED);
    expect(await resource.start(limits)).toEqual(RUNNING);
    expect(await ask()).toBe('served');
    const first = await master();
    expect(resource.processes).toEqual([first]);
    expect(await haproxy().start(limits)).toEqual(RUNNING);
    expect(await master()).toEqual(first);
    expect(await resource.monitor(limits)).toEqual(RUNNING);
    expect(await resource.stop(limits)).toEqual(STOPPED);
    expect(await haproxy().stop(limits)).toEqual(STOPPED);
    expect(await resource.monitor(limits)).toEqual(STOPPED);
    expect(resource.processes).toEqual([]);
    expect(await findHaproxy(executable, config)).toEqual({ master: null, workers: [] });
  });

  it('refuses a broken configuration with the line at fault, starts nothing, and still stops what runs', async () => {
    const resource = haproxy();
    await resource.start(limits);
    writeConfig('no_such_keyword');
    expect(reasonOf(await resource.validate(limits))).toMatch(
      /^haproxy: "\/usr\/sbin\/haproxy -c -f .*" failed: parsing \[.*haproxy.cfg:9\] : unknown keyword 'no_such_keyword'/,
    );
    expect(await resource.stop(limits)).toEqual(STOPPED);
    expect((await resource.start(limits)).kind).toBe('failed');
    expect(await resource.monitor(limits)).toEqual(STOPPED);
  });

  it('stays the same for its monitor when somebody has it take over a changed configuration', async () => {
    const resource = haproxy();
    await resource.start(limits);
    const first = await master();
    writeConfig(SERVED.replace('served', 'changed'));
    process.kill(first?.pid ?? 0, 'SIGUSR2');
    await expect.poll(ask, { timeout: 10_000 }).toBe('changed');
    expect(await master()).toEqual(first);
    expect(await resource.monitor(limits)).toEqual(RUNNING);
  });

  it('serves again after its master was killed', async () => {
    const resource = haproxy();
    await resource.start(limits);
    const killed = await master();
    process.kill(killed?.pid ?? 0, 'SIGKILL');
    await expect.poll(() => readProcess(killed?.pid ?? 0)).toBeNull();
    expect((await resource.monitor(limits)).kind).not.toBe('running');
    expect(await resource.start(limits)).toEqual(RUNNING);
    expect(await ask()).toBe('served');
    expect((await master())?.pid).not.toBe(killed?.pid);
  });

  it('clears a worker that hangs after its master was killed', async () => {
    const resource = haproxy();
    await resource.start(limits);
    const { master: killed, workers } = await findHaproxy(executable, config);
    for (const worker of workers) process.kill(worker.pid, 'SIGSTOP');
    process.kill(killed?.pid ?? 0, 'SIGKILL');
    await expect.poll(() => readProcess(killed?.pid ?? 0)).toBeNull();
    const blind = haproxy({ health: null });
    expect(await blind.monitor(limits)).toEqual(STOPPED);
    expect(await blind.start(limits)).toEqual(RUNNING);
    expect(await ask()).toBe('served');
    for (const worker of workers) expect(await readProcess(worker.pid)).toBeNull();
  });

  it.each([
    ['a script that has ended', `${executable} -W -f "$0" &`],
    ['a shell that has ended', `set -m; ${executable} -f "$0" &`],
  ])('leaves alone one that was started in the foreground by %s', async (_, script) => {
    await once(spawn('bash', ['-c', script, config], { detached: true, stdio: 'ignore' }), 'exit');
    const resource = haproxy();
    await expect.poll(() => resource.monitor(limits), { timeout: 10_000 }).toEqual(RUNNING);
    const first = await master();
    expect(await haproxy().start(limits)).toEqual(RUNNING);
    expect(await master()).toEqual(first);
    expect(await resource.stop(limits)).toEqual(STOPPED);
  });

  it('restarts one that lives but does not answer', async () => {
    const health = { url: `http://127.0.0.1:${port}/`, timeoutMs: 300, expectStatus: 200 };
    await haproxy().start(limits);
    const { master: stuck, workers } = await findHaproxy(executable, config);
    for (const worker of workers) process.kill(worker.pid, 'SIGSTOP');
    expect(reasonOf(await haproxy({ health }).monitor(limits))).toContain('did not answer within 300 ms');
    expect(await haproxy({ health }).start(limits)).toEqual(RUNNING);
    expect((await master())?.pid).not.toBe(stuck?.pid);
    expect(await ask()).toBe('served');
  });

  it('lets a request that is being answered end before it stops', async () => {
    const slow = createServer((_, response) => setTimeout(() => response.end('slow answer'), 500));
    servers.push(slow.listen(0, '127.0.0.1'));
    await new Promise((resolve) => slow.once('listening', resolve));
    const address = slow.address();
    const upstream = typeof address === 'object' && address !== null ? address.port : 0;
    writeConfig('default_backend back', `backend back\n  server one 127.0.0.1:${upstream}`);
    const resource = haproxy({ health: null });
    await resource.start(limits);
    const asked = new Promise<void>((resolve) => slow.once('request', () => resolve()));
    const answer = request(`http://127.0.0.1:${port}/`, { reset: true }).then(({ body }) => body.text());
    await asked;
    expect(await resource.stop(limits)).toEqual(STOPPED);
    expect(await answer).toBe('slow answer');
  });

  it('says who holds the port', async () => {
    const squatter = createServer().listen(port, '127.0.0.1');
    servers.push(squatter);
    await new Promise((resolve) => squatter.once('listening', resolve));
    expect(reasonOf(await haproxy().start(limits))).toMatch(
      new RegExp(`port ${port} is in use by .*\\(pid ${process.pid}\\)`),
    );
  });

  it('never touches an haproxy of another configuration', async () => {
    const other = join(dir, 'other.cfg');
    const otherPort = await freePort();
    writeFileSync(other, configText(`bind 127.0.0.1:${otherPort}\n  ${SERVED}`));
    const neighbour = haproxy({ config: other, health: null });
    try {
      await neighbour.start(limits);
      await haproxy().start(limits);
      await haproxy().stop(limits);
      expect(await neighbour.monitor(limits)).toEqual(RUNNING);
    } finally {
      await neighbour.stop(limits);
    }
  });
});

describeWhere(missingForSystemd(), 'haproxy under its unit', () => {
  let machine: SystemdMachine;
  beforeAll(async () => {
    machine = await SystemdMachine.start();
    await machine.write('/etc/haproxy/haproxy.cfg', configText(`bind 127.0.0.1:8080\n  ${SERVED}`));
    // A container has no /dev/log for Debian's unit to bind.
    await machine.run('mkdir', '/etc/systemd/system/haproxy.service.d');
    await machine.unit('haproxy.service.d/test.conf', '[Service]\nBindReadOnlyPaths=\n');
  }, 600_000);
  afterAll(() => machine?.end(), 60_000);

  it('is started and stopped by systemd, and stays stopped', async () => {
    const health = { url: 'http://127.0.0.1:8080/', timeout: '5s' };
    const group = { resources: [{ haproxy: { health } }] };
    const isActive = async () => (await machine.run('systemctl', 'is-active', 'haproxy')).stdout.trim();
    expect(await machine.call({ group, calls: ['monitor', 'start', 'monitor'] })).toEqual([
      STOPPED,
      RUNNING,
      RUNNING,
    ]);
    expect(await isActive()).toBe('active');
    expect(await machine.call({ group, calls: ['stop', 'monitor'] })).toEqual([STOPPED, STOPPED]);
    expect(await isActive()).toBe('inactive');
  });

  it('is odd to the doctor while its unit is enabled', async () => {
    const root = new URL('../..', import.meta.url).pathname;
    const look = `
      const { Haproxy } = await import('${root}src/resources/haproxy.ts');
      const limits = { deadlineMs: 10_000, signal: new AbortController().signal };
      console.log(JSON.stringify(await new Haproxy({ unit: 'haproxy.service' }).oddities(limits)));`;
    const oddities = async () => {
      const node = `${root}node_modules/node/bin/node`;
      return JSON.parse((await machine.run(node, '--input-type=module', '--eval', look)).stdout) as unknown;
    };
    await machine.run('systemctl', 'enable', 'haproxy');
    expect(await oddities()).toEqual([
      {
        text: 'haproxy.service is enabled, so it starts at boot on every node, leader or not',
        advice: 'systemctl disable haproxy.service',
      },
    ]);
    await machine.run('systemctl', 'disable', 'haproxy');
    expect(await oddities()).toEqual([]);
  });
});
