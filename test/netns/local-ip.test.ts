import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { ResourceState } from '../../src/resources/resource-adapter.ts';
import type { AdapterCall } from '../support/adapter-calls.ts';
import { missingPrograms } from '../support/describe-where.ts';
import { command } from '../support/netns/command.ts';
import { createNamespace, inNamespace, ipBatch, removeNamespace } from '../support/netns/namespace.ts';
import { describeNetns } from '../support/netns/requirements.ts';
import { waitFor } from '../support/netns/wait-for.ts';

const ADAPTER = new URL('../support/adapter-calls.ts', import.meta.url).pathname;
const LAN = `eipk-lip-${process.pid}-lan`;
const HOSTS = { a: `eipk-lip-${process.pid}-a`, b: `eipk-lip-${process.pid}-b` } as const;
const MAC = { a: '02:00:00:00:07:0a', b: '02:00:00:00:07:0b' } as const;
const OWN = { a: '192.168.7.10', b: '192.168.7.11' } as const;
const ADDRESS = '192.168.7.50';
type Host = keyof typeof HOSTS;
const WAIT = { withinMs: 20_000, everyMs: 20 };
/** Makes the sender ask for the hardware address. */
const DATAGRAM = `const s = require('node:dgram').createSocket('udp4'); s.send('x', 9, '${ADDRESS}', () => s.close())`;

/** The adapter where the interface is: a process of its own inside the namespace. */
async function call(
  host: Host,
  calls: readonly AdapterCall[],
  settings: object = {},
  env: NodeJS.ProcessEnv = process.env,
): Promise<readonly ResourceState[]> {
  const program = [process.execPath, ADAPTER];
  const child = spawn('ip', inNamespace(HOSTS[host], ...program), {
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const resources = [{ 'local-ip': { address: ADDRESS, announce: 1, ...settings } }];
  child.stdin.end(`${JSON.stringify({ group: { resources }, calls })}\n`);
  await once(child, 'close');
  return JSON.parse(output);
}

const shown = (host: Host) => command('ip', ['-n', HOSTS[host], '-brief', '-4', 'address', 'show', 'eth0']);
const kinds = (states: readonly ResourceState[]) => states.map(({ kind }) => kind);

/** Whom the rest of the network takes the address for. */
async function neighbour(): Promise<string> {
  const listed = await command('ip', ['-n', LAN, 'neighbour', 'show', ADDRESS]);
  return /lladdr (\S+)/.exec(listed)?.[1] ?? '';
}

describeNetns(
  'a local address',
  () => {
    beforeAll(async () => {
      await createNamespace(LAN);
      await ipBatch(LAN, [
        'link add br0 type bridge',
        'address add 192.168.7.1/24 dev br0',
        'link set br0 up',
      ]);
      for (const host of ['a', 'b'] as const) {
        await createNamespace(HOSTS[host]);
        await ipBatch(LAN, [
          `link add port-${host} type veth peer name eth0 netns ${HOSTS[host]}`,
          `link set port-${host} master br0 up`,
        ]);
        await ipBatch(HOSTS[host], [
          `link set eth0 address ${MAC[host]} up`,
          `address add ${OWN[host]}/24 dev eth0`,
        ]);
      }
    });
    afterEach(async () => {
      for (const host of ['a', 'b'] as const) await call(host, ['stop']);
    });
    afterAll(async () => {
      for (const name of [HOSTS.a, HOSTS.b, LAN]) await removeNamespace(name);
    });

    it('is configured with the network of the interface, once, and removed', async () => {
      expect(kinds(await call('a', ['validate', 'monitor', 'start', 'start', 'monitor']))).toEqual([
        'stopped',
        'stopped',
        'running',
        'running',
        'running',
      ]);
      expect((await shown('a')).match(/192\.168\.7\.50\/24/g)).toHaveLength(1);
      expect(kinds(await call('a', ['stop', 'stop', 'monitor']))).toEqual(['stopped', 'stopped', 'stopped']);
      expect(await shown('a')).not.toContain(ADDRESS);
      expect(await shown('a')).toContain(OWN.a);
    });

    it('takes netmask, interface and broadcast as they are written', async () => {
      const settings = { netmask: '255.255.255.128', interface: 'eth0', broadcast: '192.168.7.127' };
      expect(kinds(await call('a', ['start'], settings))).toEqual(['running']);
      const listed = await command('ip', ['-n', HOSTS.a, '-4', 'address', 'show', 'eth0']);
      expect(listed).toContain(`inet ${ADDRESS}/25 brd 192.168.7.127`);
    });

    it('is announced: the neighbours turn to the new machine although the old one still answers', async () => {
      await call('a', ['start']);
      await command('ip', inNamespace(LAN, process.execPath, '-e', DATAGRAM));
      await waitFor('the neighbours to find a', async () => (await neighbour()) === MAC.a, WAIT);
      expect(kinds(await call('b', ['start'], { announce: 3 }))).toEqual(['running']);
      await waitFor('the neighbours to learn of b', async () => (await neighbour()) === MAC.b, WAIT);
    });

    it('with a probe is not started while another machine answers', async () => {
      await call('a', ['start']);
      const [refused] = await call('b', ['start'], { probe: true });
      expect(refused).toMatchObject({ kind: 'failed', reason: expect.stringContaining('another machine') });
      expect(await shown('b')).not.toContain(ADDRESS);
      await call('a', ['stop']);
      expect(kinds(await call('b', ['start'], { probe: true }))).toEqual(['running']);
    });

    it('on an interface that is down is unhealthy, and cannot be started', async () => {
      await call('a', ['start']);
      await ipBatch(HOSTS.a, ['link set eth0 down']);
      const [monitored, started] = await call('a', ['monitor', 'start']);
      await ipBatch(HOSTS.a, ['link set eth0 up']);
      expect(monitored).toEqual({ kind: 'unhealthy', reason: `local-ip ${ADDRESS}: eth0 is down` });
      expect(started).toEqual({ kind: 'failed', reason: `local-ip ${ADDRESS}: eth0 is down` });
    });

    it('without an interface in its network is refused before a start', async () => {
      const [refused] = await call('a', ['validate'], { address: '10.9.9.9' });
      expect(refused).toMatchObject({
        kind: 'failed',
        reason: expect.stringContaining('no interface has an address in its network'),
      });
      const [named] = await call('a', ['start'], { address: '10.9.9.9', interface: 'eth7', prefix: 24 });
      expect(named).toMatchObject({ kind: 'failed', reason: expect.stringContaining('eth7') });
    });

    it('is started without arping, with a warning beforehand', async () => {
      const bin = mkdtempSync(join(tmpdir(), 'only-ip-'));
      const ip = (await command('sh', ['-c', 'command -v ip'])).trim();
      symlinkSync(ip, join(bin, 'ip'));
      const states = await call('a', ['validate', 'start'], {}, { ...process.env, PATH: bin });
      rmSync(bin, { recursive: true });
      expect(kinds(states)).toEqual(['stopped', 'running']);
      expect(states[0]).toMatchObject({ warning: expect.stringContaining('iputils-arping') });
    });
  },
  { missing: missingPrograms({ arping: 'iputils-arping' }), timeoutMs: 60_000 },
);
