import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { describeWhere } from '../support/describe-where.ts';
import { missingForSystemd } from '../support/systemd-machine.ts';
import { tellLastWords } from './support/last-words.ts';
import { MachinePair, type Name } from './support/machine-pair.ts';
import { missingForRpm } from './support/packages.ts';

const MACHINES_TAKE_MS = 180_000;
const NAMES = ['main', 'aux'] as const;
/** Debian's rpm wants to be told that it is meant, and knows nothing of what dpkg installed. */
const RPM = ['rpm', '--force-debian', '--nodeps'];

/**
 * What the scriptlets of the .rpm do, by rpm itself, under systemd. The machines are Debians: Amazon Linux cannot be
 * had here, so its dnf and the names of what the package requires are not tried.
 */
describeWhere(
  missingForSystemd() ?? missingForRpm(),
  'a machine with the rpm',
  () => {
    const rpms = inject('rpms');
    const pair = new MachinePair();
    beforeAll(() => pair.start(['rpm']), 600_000);
    afterAll(() => pair.end(), 60_000);
    tellLastWords(() => pair.machines);
    const rpm = (name: Name, ...words: readonly string[]) => pair.on(name, ...RPM, ...words);

    it('has the unit, neither started nor enabled, the group and the commands', async () => {
      for (const name of NAMES) await rpm(name, '--install', rpms.now);
      expect(await pair.property('main', 'ActiveState')).toBe('inactive');
      expect(await pair.property('main', 'UnitFileState')).toBe('disabled');
      expect(await pair.on('main', 'getent', 'group', 'eipkeeper')).toMatch(/^eipkeeper:x:\d+:$/);
      expect(await pair.on('main', 'eipkeeper', '--version')).toMatch(/^\d+\.\d+\.\d+/);
    });

    it('runs, and serves', async () => {
      for (const name of NAMES) {
        await pair.configure(name);
        await pair.on(name, 'systemctl', 'enable', '--now', 'eipkeeper');
        await pair.says(name, /leader main/);
      }
      await pair.serves('main');
    });

    it('is upgraded without a move and without a restart of what serves, standby first', async () => {
      const service = await pair.service('main');
      for (const name of ['aux', 'main'] as const) {
        const pid = await pair.daemonPid(name);
        await rpm(name, '--upgrade', rpms.next);
        expect(await pair.daemonPid(name)).not.toBe(pid);
        await pair.says(name, /leader main/);
        expect(await pair.property(name, 'UnitFileState')).toBe('enabled');
      }
      await pair.serves('main');
      expect(await pair.service('main')).toEqual(service);
      expect(await pair.journal('main')).toContain('a planned restart: the peers wait');
    });

    it('hands over when it is removed, and keeps its configuration', async () => {
      await rpm('main', '--erase', 'eipkeeper');
      expect(pair.holder()).toBe('aux');
      await pair.serves('aux');
      expect(await pair.servicePids('main')).toEqual({ nginx: '0', program: '' });
      await pair.on('main', 'test', '-s', '/etc/eipkeeper/key');
      expect(await pair.property('main', 'LoadState')).toBe('not-found');
    });
  },
  MACHINES_TAKE_MS,
);
