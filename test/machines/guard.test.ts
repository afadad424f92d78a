import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest';
import { describeWhere } from '../support/describe-where.ts';
import { missingForSystemd } from '../support/systemd-machine.ts';
import { tellLastWords } from './support/last-words.ts';
import { MachinePair, type Name } from './support/machine-pair.ts';

const MACHINES_TAKE_MS = 180_000;
const WAIT = { timeout: 60_000, interval: 100 };
const GUARD = 'eipkeeper-guard.service';
/** The guard must be done before the watchdog (10 s) ends the frozen daemon. */
const EXCLUSIVE = {
  kind: 'exclusive',
  timings: { warntime: '1s', deadtime: '6s', lease: '6s', witnessTimeout: '500ms', stopTimeout: '3s' },
};

/** When a journal has this for the last time, in seconds; the machines have the clock of this one. */
function timeOf(journal: string, words: RegExp): number {
  const line = journal.split('\n').findLast((each) => words.test(each));
  if (line === undefined) throw new Error(`nobody said ${words}:\n${journal}`);
  return Number(line.split(' ')[0]);
}

/** An exclusive group in which systemd runs nginx and the daemon a program of its own. */
describeWhere(
  missingForSystemd(),
  'a machine with an exclusive group',
  () => {
    const packages = inject('packages');
    const pair = new MachinePair(EXCLUSIVE, 'second');
    beforeAll(async () => {
      await pair.start();
      for (const name of ['main', 'aux'] as const) {
        await pair.on(name, 'dpkg', '--install', packages.now);
        await pair.configure(name);
        await pair.on(name, 'systemctl', 'enable', '--now', 'eipkeeper');
        await pair.says(name, /leader main/);
      }
      await pair.serves('main');
    }, 600_000);
    afterAll(() => pair.end(), 60_000);
    tellLastWords(() => pair.machines);

    const guardSays = (name: Name, output?: string) => pair.journal(name, GUARD, output);
    const runsNothing = (name: Name) =>
      vi.waitFor(async () => expect(await pair.servicePids(name)).toEqual({ nginx: '0', program: '' }), WAIT);

    it('has the guard in a unit of its own, started by the daemon', async () => {
      for (const name of ['main', 'aux'] as const) {
        expect(await pair.property(name, 'ActiveState', GUARD)).toBe('active');
        expect(await pair.property(name, 'UnitFileState', GUARD)).toBe('static');
      }
      expect(await pair.on('main', 'systemd-analyze', 'verify', '--man=no', GUARD)).toBe('');
      console.info(`the guard takes ${await pair.property('main', 'MemoryCurrent', GUARD)} bytes`);
      console.info(
        await pair.on(
          'main',
          'ps',
          '-o',
          'rss=,cputimes=',
          '-p',
          await pair.property('main', 'MainPID', GUARD),
        ),
      );
    });

    it('starts its program into a control group below the unit of the daemon', async () => {
      const { program } = await pair.servicePids('main');
      const groups = await pair.on('main', 'cat', `/proc/${program}/cgroup`);
      expect(groups).toMatch(/eipkeeper\.service\/eipkeeper-web-[0-9a-f]{8}$/m);
    });

    it('goes on untouched when the daemon is killed and comes back', async () => {
      const before = { pid: await pair.daemonPid('main'), service: await pair.service('main') };
      await pair.on('main', 'kill', '-KILL', before.pid);
      await pair.isBack('main', before.pid);
      // Until the word of the daemon before is over.
      await new Promise((resolve) => setTimeout(resolve, 7_000));
      expect(await pair.service('main')).toEqual(before.service);
      expect(await guardSays('main')).not.toContain('killed');
    });

    it('goes on untouched when the guard is killed, which comes back', async () => {
      const before = await pair.service('main');
      const guard = await pair.property('main', 'MainPID', GUARD);
      await pair.on('main', 'kill', '-KILL', guard);
      await vi.waitFor(async () => {
        const now = await pair.property('main', 'MainPID', GUARD);
        if ([guard, '0'].includes(now)) throw new Error('the same guard, or none');
      }, WAIT);
      expect(await pair.service('main')).toEqual(before);
    });

    it('is ended while its daemon stands still, before the other starts it', async () => {
      await pair.on('main', 'kill', '-STOP', await pair.daemonPid('main'));
      await pair.serves('aux');
      expect(await pair.servicePids('main')).toEqual({ nginx: '0', program: '' });
      const words = /the right to run web ended.*killed .*sleep \(\d+\).*nginx \(\d+\)/;
      expect(await guardSays('main')).toMatch(words);
      const endedAt = timeOf(await guardSays('main', 'short-unix'), words);
      const wonAt = timeOf(
        await pair.journal('aux', 'eipkeeper.service', 'short-unix'),
        /web: leader aux, term \d+: the leader before fell silent/,
      );
      console.info(`ended ${Math.round((wonAt - endedAt) * 1000)} ms before the other won the term`);
      expect(endedAt).toBeLessThan(wonAt);
      // systemd's watchdog ends the frozen daemon; the next one learns who leads, and what happened.
      await pair.says('main', /leader aux/);
      await vi.waitFor(
        async () => expect(await pair.journal('main')).toContain('the guard says: the right to run web'),
        WAIT,
      );
      await runsNothing('main');
      expect(await guardSays('aux')).not.toContain('killed');
    });

    it('is handed over, and nothing killed, when its daemon is stopped', async () => {
      await pair.on('aux', 'systemctl', 'stop', 'eipkeeper');
      await pair.serves('main');
      await runsNothing('aux');
      expect(await guardSays('aux')).not.toContain('killed');
      await pair.on('aux', 'systemctl', 'start', 'eipkeeper');
      await pair.says('aux', /leader main/);
    });

    it('may not be led where the unit of the guard is masked, and says so', async () => {
      await pair.on('aux', 'systemctl', 'mask', '--now', GUARD);
      await vi.waitFor(
        async () =>
          expect(await pair.on('aux', 'eipkeeper', 'status')).toMatch(/its guard does not run.*masked/),
        WAIT,
      );
      expect((await pair.machine('main').run('eipkeeper', 'switchover', '--to', 'aux')).code).not.toBe(0);
      await pair.on('aux', 'systemctl', 'unmask', GUARD);
      await vi.waitFor(
        async () =>
          expect(await pair.on('aux', 'eipkeeper', 'status')).not.toContain('its guard does not run'),
        WAIT,
      );
      await pair.serves('main');
    });
  },
  MACHINES_TAKE_MS,
);
