import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NOTHING_HAPPENS } from './expectations.ts';
import type { Fault } from './fault.ts';
import type { FaultWorld } from './fault-world.ts';
import { guardHasKilled } from './support/two-copies.ts';

const breakConfig = (text: string) => `${text}\nthis is no directive;\n`;

async function killNginx(world: FaultWorld, name: string): Promise<void> {
  await world
    .node(name)
    .run(['sh', '-c', `kill -9 $(cat ${join(world.node(name).directory, 'nginx.pid')}); true`]);
  // Its workers notice that their master is gone only when they are told.
  await world
    .node(name)
    .run([
      'sh',
      '-c',
      'for pid in $(ip netns pids "$(ip netns identify)"); do grep -qs "^nginx" /proc/$pid/comm && kill -9 $pid; done; true',
    ]);
}

export const RESOURCE_FAULTS: readonly Fault[] = [
  {
    number: '51',
    name: 'monitor hangs: its own timeout',
    category: 'resources',
    setup: 'slow-monitor',
    expected: NOTHING_HAPPENS,
    script: async (world) => {
      for (const name of ['main', 'aux']) {
        const path = join(world.node(name).directory, 'hang');
        await writeFile(path, '');
        world.onHeal(() => rm(path, { force: true }));
      }
      // A check every 5 s.
      await world.sleep(8_000);
      world.check(await world.runsNginx('main'), 'what could not be checked was stopped');
      world.check(world.termsCreated().length === 0, 'a hanging monitor led to a new term');
      world.check((await world.node('main').processes()).length < 12, 'hanging monitors pile up');
    },
  },
  {
    number: '52',
    name: 'nginx configuration broken on the standby: ineligible, said in status',
    category: 'resources',
    setup: 'pair',
    expected: NOTHING_HAPPENS,
    script: async (world) => {
      await world.rewriteNginxConfig('aux', breakConfig);
      // It is tested every 30 s, and after a reload.
      await world.order('aux', { type: 'reload' });
      const ineligible = async () => {
        const { candidates } = await world.group('aux');
        return candidates.find(({ node, eligible }) => node === 'aux' && !eligible)?.reason;
      };
      const reason = await world.until('aux to say that it cannot lead', ineligible, 40_000);
      world.check(/nginx/.test(reason), `it said: ${reason}`);
      const answer = await world.move('aux', { on: 'main', timeoutMs: 5_000 });
      world.check(answer.status === 'refused', `a switchover to it was ${answer.status}`);
    },
    remark: 'found by a reload, which spares the wait for the test every 30 s',
  },
  {
    number: '50a',
    name: 'nginx dies: local restart',
    category: 'resources',
    setup: 'pair',
    expected: { serves: 'main', moves: 0, lost: 'some', gapMsMost: 10_000 },
    script: async (world) => {
      await killNginx(world, 'main');
      await world.until('nginx to run again', () => world.runsNginx('main'), 12_000);
    },
    remark: 'a check every 5 s',
  },
  {
    number: '50b',
    name: 'runs but fails its health check: local restart, then move',
    category: 'resources',
    setup: 'pair',
    expected: { serves: 'aux', moves: 1, lost: 'some', gapMsMost: 60_000 },
    script: async (world) => {
      const { directory } = world.node('main');
      await world.rewriteNginxConfig('main', (text) => text.replace('return 200 "ok', 'return 500 "broken'));
      await world.node('main').run(['sh', '-c', `kill -HUP $(cat ${join(directory, 'nginx.pid')})`]);
      await world.untilLeads('aux', 90_000);
    },
    remark: 'no restart cures it; with the default `attempts`',
  },
  {
    number: '48',
    name: 'start fails: hand over',
    category: 'resources',
    setup: 'pair',
    expected: { serves: 'aux', moves: 1, lost: 'some', gapMsMost: 30_000 },
    script: async (world) => {
      await world.rewriteNginxConfig('main', breakConfig);
      await killNginx(world, 'main');
      await world.untilLeads('aux', 40_000);
    },
    remark: 'nginx dies and its configuration is broken; with the default `attempts`',
  },
  {
    number: '49',
    name: 'stop hangs: SIGKILL',
    category: 'resources',
    setup: 'stubborn',
    expected: { serves: 'aux', moves: 2, lost: 'some', gapMsMost: 15_000 },
    script: async (world) => {
      const answer = await world.move('aux', { on: 'main', timeoutMs: 25_000 });
      world.check(answer.status === 'done', `the switchover was ${answer.status}: ${answer.reason}`);
      const stopped = async () => (await world.node('main').processes()).length === 2;
      await world.until('nothing but the daemon and its guard to run on the old leader', stopped);
      world.check(
        !(await guardHasKilled(world, 'main')),
        'the guard killed what the daemon should have stopped',
      );
      world.check(!(await world.runsNginx('main')), 'nginx still runs on the old leader');
    },
    remark:
      'an exclusive group hands over only when everything has stopped. SIGKILL by the daemon, and the guard behind it has nothing to do; no watchdog resets the machine',
  },
];
