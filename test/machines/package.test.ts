import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { describeWhere } from '../support/describe-where.ts';
import { missingForSystemd } from '../support/systemd-machine.ts';
import { tellLastWords } from './support/last-words.ts';
import { MachinePair } from './support/machine-pair.ts';

const MACHINES_TAKE_MS = 180_000;

/** Two Debians with systemd and the .deb of these sources, through the life of a package from test to test. */
describeWhere(
  missingForSystemd(),
  'a machine with the package',
  () => {
    const packages = inject('packages');
    const pair = new MachinePair();
    beforeAll(() => pair.start(), 600_000);
    afterAll(() => pair.end(), 60_000);
    tellLastWords(() => pair.machines);

    const statusOf = async (name: 'main' | 'aux') =>
      (await pair.machine(name).run('systemctl', 'status', '--no-pager', '--full', 'eipkeeper')).stdout;
    const exposure = async (name: 'main' | 'aux') =>
      (await pair.on(name, 'systemd-analyze', 'security', '--no-pager', 'eipkeeper.service'))
        .split('\n')
        .at(-1) ?? '';

    it('has the unit, neither started nor enabled, the group, and the commands, without a Node', async () => {
      for (const name of ['main', 'aux'] as const) await pair.on(name, 'dpkg', '--install', packages.now);
      expect(await pair.property('main', 'ActiveState')).toBe('inactive');
      expect(await pair.property('main', 'UnitFileState')).toBe('disabled');
      expect(await pair.on('main', 'getent', 'group', 'eipkeeper')).toMatch(/^eipkeeper:x:\d+:$/);
      expect((await pair.machine('main').run('which', 'node')).code).not.toBe(0);
      expect(await pair.on('main', 'eipkeeper', '--version')).toMatch(/^\d+\.\d+\.\d+/);
      expect(await pair.on('main', 'systemd-analyze', 'verify', '--man=no', 'eipkeeper.service')).toBe('');
    });

    it('says what is missing when it is started without a configuration', async () => {
      expect((await pair.machine('main').run('systemctl', 'start', 'eipkeeper')).code).not.toBe(0);
      // Also while the next start waits.
      await expect.poll(() => pair.property('main', 'SubState'), { timeout: 30_000 }).toBe('start-pre');
      await pair.says('main', /not started: .*\/etc\/eipkeeper\/eipkeeper.yaml/);
      expect(await statusOf('main')).toMatch(/not started: .*\/etc\/eipkeeper\/eipkeeper.yaml/);
      await pair.on('main', 'systemctl', 'stop', 'eipkeeper');
    });

    it('shows in systemctl status who leads', async () => {
      for (const name of ['main', 'aux'] as const) {
        await pair.configure(name);
        await pair.on(name, 'systemctl', 'enable', '--now', 'eipkeeper');
        await pair.says(name, /leader main/);
      }
      await pair.serves('main');
      expect(await statusOf('main')).toMatch(
        /Active: active \(running\).*Status: "web: leader main, term \d+/s,
      );
      expect(await pair.on('main', 'eipkeeper', 'status')).toContain('main');
      expect(await pair.journal('main')).not.toMatch(/warning/i);
    });

    it('lets the daemon run before others, and what it starts like others', async () => {
      const niceness = async (pid: string) => (await pair.on('main', 'ps', '-o', 'nice=', '-p', pid)).trim();
      const { program } = await pair.servicePids('main');
      expect(await niceness(await pair.daemonPid('main'))).toBe('-15');
      expect(await niceness(program)).toBe('0');
    });

    it('is confined as far as services allow', async () => {
      const words = await exposure('main');
      console.info(words);
      expect(words).toMatch(/Overall exposure level for eipkeeper.service: [0-7]\./);
    });

    it('keeps its services when the daemon is killed, and the next daemon takes them over', async () => {
      const before = { pid: await pair.daemonPid('main'), service: await pair.service('main') };
      await pair.on('main', 'kill', '-KILL', before.pid);
      await pair.isBack('main', before.pid);
      expect(await pair.service('main')).toEqual(before.service);
    });

    it('keeps services and address where they are when the daemon is restarted', async () => {
      const before = { pid: await pair.daemonPid('main'), service: await pair.service('main') };
      await pair.on('main', 'systemctl', 'restart', 'eipkeeper');
      await pair.isBack('main', before.pid);
      expect(await pair.service('main')).toEqual(before.service);
      expect(await pair.journal('main')).toContain('a planned restart: the peers wait');
    });

    it('refuses a wrong configuration when it is reloaded, with the reason, and goes on', async () => {
      const before = { pid: await pair.daemonPid('main'), service: await pair.service('main') };
      await pair.on('main', 'cp', '/etc/eipkeeper/eipkeeper.yaml', '/root/right.yaml');
      await pair.on('main', 'sed', '-i', 's/^groups:/grops:/', '/etc/eipkeeper/eipkeeper.yaml');
      expect((await pair.machine('main').run('systemctl', 'reload', 'eipkeeper')).code).not.toBe(0);
      expect(await statusOf('main')).toMatch(/the configuration was not taken over.*grops/s);
      await pair.on('main', 'cp', '/root/right.yaml', '/etc/eipkeeper/eipkeeper.yaml');
      await pair.on('main', 'systemctl', 'reload', 'eipkeeper');
      expect(await pair.daemonPid('main')).toBe(before.pid);
      expect(await pair.service('main')).toEqual(before.service);
      expect(await statusOf('main')).toContain('leader main');
    });

    it('is given another daemon when its own hangs, and keeps its services', async () => {
      // The other would rightly take over from one that is silent for so long.
      await pair.on('aux', 'systemctl', 'stop', 'eipkeeper');
      const before = { pid: await pair.daemonPid('main'), service: await pair.service('main') };
      await pair.on('main', 'kill', '-STOP', before.pid);
      await pair.isBack('main', before.pid);
      expect(await pair.service('main')).toEqual(before.service);
      expect(await pair.journal('main')).toMatch(/Watchdog timeout/);
      await pair.on('aux', 'systemctl', 'start', 'eipkeeper');
      await pair.says('aux', /leader main/);
    });

    it('is upgraded without a move and without a restart of what serves, standby first', async () => {
      const service = await pair.service('main');
      for (const name of ['aux', 'main'] as const) {
        const pid = await pair.daemonPid(name);
        await pair.on(name, 'dpkg', '--install', packages.next);
        expect(await pair.daemonPid(name)).not.toBe(pid);
        await pair.says(name, /leader main/);
      }
      await pair.serves('main');
      expect(await pair.service('main')).toEqual(service);
    });

    it('hands over before its daemon is stopped, and stops its services, without waiting for itself', async () => {
      await pair.on('main', 'systemctl', 'stop', 'eipkeeper');
      expect(pair.holder()).toBe('aux');
      await pair.serves('aux');
      expect(await pair.property('main', 'Result')).toBe('success');
      expect(await pair.servicePids('main')).toEqual({ nginx: '0', program: '' });
      expect(await pair.journal('main')).not.toContain('still running here');
      await pair.on('main', 'systemctl', 'start', 'eipkeeper');
      await pair.says('main', /leader aux/);
    });

    it('hands over when the package is removed, and keeps its configuration', async () => {
      await pair.on('aux', 'dpkg', '--remove', 'eipkeeper');
      expect(pair.holder()).toBe('main');
      await pair.serves('main');
      expect(await pair.servicePids('aux')).toEqual({ nginx: '0', program: '' });
      await pair.on('aux', 'test', '-s', '/etc/eipkeeper/key');
    });

    it('says that the package is half installed, and runs when it is whole', async () => {
      await pair.on('aux', 'dpkg', '--unpack', packages.now);
      await pair.on('aux', 'mv', '/usr/bin/eipkeeper', '/root/');
      await pair.on('aux', 'systemctl', 'daemon-reload');
      expect((await pair.machine('aux').run('systemctl', 'start', 'eipkeeper')).code).not.toBe(0);
      await expect
        .poll(() => statusOf('aux'), { timeout: 30_000 })
        .toContain(
          'not started: the program eipkeeper is missing, the package is not fully installed: install it again',
        );
      await pair.on('aux', 'dpkg', '--install', packages.now);
      await pair.on('aux', 'systemctl', 'start', 'eipkeeper');
      await pair.says('aux', /leader main/);
    });

    it('hands over before the machine is shut down', async () => {
      await pair.machine('main').run('systemctl', 'poweroff');
      await pair.serves('aux');
      await pair.says('aux', /leader aux, .*\(switchover: /);
    });
  },
  MACHINES_TAKE_MS,
);
