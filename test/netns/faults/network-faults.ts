import { type HeartbeatWeather, startHeartbeatWeather } from '../../support/netns/heartbeat-relay.ts';
import { AUX_TAKES_OVER, NOTHING_HAPPENS } from './expectations.ts';
import type { Fault } from './fault.ts';
import type { FaultWorld } from './fault-world.ts';
import { fragmentsOf, sniff } from './support/sniffer.ts';
import { guardHasKilled, watchForTwoCopies } from './support/two-copies.ts';

async function cutOneWay(
  world: FaultWorld,
  way: { readonly from?: string; readonly to?: string },
): Promise<void> {
  const heal = await world.cutHeartbeats(way);
  await world.sleepFor({ fullMs: 10_000, shortMs: 4_000 });
  await heal();
  await world.sleep(2_500);
  world.check(world.termsCreated('aux').length === 0, 'the standby won a term');
  await world.countAlarms();
}

async function badWeather(world: FaultWorld, weather: HeartbeatWeather): Promise<void> {
  const clear = await startHeartbeatWeather(world.cluster.topology, weather);
  let isClear = false;
  world.onHeal(async () => {
    if (!isClear) await clear();
    isClear = true;
  });
  await world.sleepFor({ fullMs: 30_000, shortMs: 8_000 });
  await world.heal();
  await world.sleep(2_000);
  world.check(world.termsCreated('aux').length === 0, 'the standby won a term');
  await world.countAlarms();
}

export const NETWORK_FAULTS: readonly Fault[] = [
  {
    number: '18',
    name: 'symmetric cut of the heartbeats',
    category: 'network',
    setup: 'pair',
    expected: NOTHING_HAPPENS,
    script: (world) => cutOneWay(world, {}),
    leavesNoTrace: true,
    remark: 'for 10 s (4 s in the tests), as 19 and 20; longer ones are 64 and "45 s"',
  },
  {
    number: '19',
    name: 'cut from the leader to the standby',
    category: 'network',
    setup: 'pair',
    expected: NOTHING_HAPPENS,
    script: (world) => cutOneWay(world, { from: 'main', to: 'aux' }),
    leavesNoTrace: true,
  },
  {
    number: '20',
    name: 'cut from the standby to the leader',
    category: 'network',
    setup: 'pair',
    expected: NOTHING_HAPPENS,
    script: (world) => cutOneWay(world, { from: 'aux', to: 'main' }),
    leavesNoTrace: true,
  },
  {
    number: '21',
    name: '40 % loss',
    category: 'network',
    setup: 'pair',
    expected: NOTHING_HAPPENS,
    script: (world) => badWeather(world, { lossPercent: 40 }),
    leavesNoTrace: true,
    remark: 'both ways, for 30 s (8 s in the tests)',
  },
  {
    number: '22',
    name: 'delay > w, jitter, reorder, duplicates',
    category: 'network',
    setup: 'pair',
    expected: NOTHING_HAPPENS,
    script: (world) => badWeather(world, { delayMs: 350, jitterMs: 100, duplicatePercent: 20 }),
    leavesNoTrace: true,
    remark:
      '350 ± 100 ms each way, every fifth twice; by a relay of these tests, since not every kernel has netem',
  },
  {
    number: '23a',
    name: 'the heartbeat path flaps at d',
    category: 'network',
    setup: 'pair',
    expected: NOTHING_HAPPENS,
    script: async (world) => {
      for (let turn = 0; turn < (world.full ? 10 : 4); turn += 1) {
        const heal = await world.cutHeartbeats();
        await world.sleep(1_000);
        await heal();
        await world.sleep(1_000);
      }
      world.check(world.termsCreated('aux').length === 0, 'the standby won a term');
      await world.countAlarms();
    },
    leavesNoTrace: true,
  },
  {
    number: '27',
    name: 'small MTU: heartbeats stay under it',
    category: 'network',
    setup: 'pair',
    expected: NOTHING_HAPPENS,
    script: async (world) => {
      const mtu = (name: string, bytes: number) =>
        world.node(name).run(['ip', 'link', 'set', 'eth0', 'mtu', String(bytes)]);
      for (const name of ['main', 'aux']) {
        await mtu(name, 576);
        world.onHeal(async () => void (await mtu(name, 1_500)));
      }
      const capture = await sniff(world.node('aux'), 'ip and udp');
      await world.sleep(3_000);
      const frames = await capture.stop();
      world.check(frames.length > 20, `only ${frames.length} heartbeats were sniffed`);
      world.check(fragmentsOf(frames) === 0, 'a heartbeat was fragmented');
      world.check(world.termsCreated().length === 0, 'heartbeats were lost');
      world.counted['bytes of the longest'] = Math.max(...frames.map((frame) => frame.length));
    },
    leavesNoTrace: true,
    remark: '576 bytes, one group',
  },
  {
    number: '24',
    name: 'one of two paths lost: no suspicion',
    category: 'network',
    setup: 'two-paths',
    expected: NOTHING_HAPPENS,
    script: async (world) => {
      for (const path of [0, 1] as const) {
        const heal = await world.cluster.paths.inject({ path, heartbeatsOnly: true, lossPercent: 100 });
        world.onHeal(heal);
        await world.sleepFor({ fullMs: 6_000, shortMs: 3_000 });
        await heal();
        await world.sleep(500);
      }
      await world.countAlarms();
      world.check(world.counted['taken for dead'] === 0, 'a node was taken for dead');
      world.check(world.termsCreated().length === 0, 'the leader was not sure of its term');
    },
    leavesNoTrace: true,
  },
  {
    number: '23b',
    name: "the leader's link flaps, failback automatic: damped",
    category: 'network',
    setup: 'failback',
    expected: { serves: 'aux', moves: 3, lost: 'some', gapMsMost: 6_000 },
    script: async (world) => {
      for (const turn of [1, 2]) {
        await world.cut('main');
        await world.untilLeads('aux');
        await world.mend('main');
        if (turn === 1) await world.untilLeads('main', 30_000);
      }
      // A failback after 1 s was configured; the second one is held down for 30 s.
      await world.sleep(8_000);
    },
    remark: 'the first failback comes at once, the second is held down',
  },
  {
    number: '26a',
    name: 'leader cut from everything',
    category: 'network',
    setup: 'pair',
    expected: AUX_TAKES_OVER,
    script: async (world) => {
      await world.cut('main');
      await world.untilLeads('aux');
      await world.sleep(1_000);
      world.check(await world.runsNginx('main'), 'the isolated leader stopped its service');
      await world.mend('main');
      await world.until('main to be a standby', async () => (await world.group('main')).role === 'standby');
    },
    remark: 'an address group: the isolated leader goes on serving whoever reaches it',
  },
  {
    number: '26b',
    name: 'leader cut from everything, exclusive',
    category: 'network',
    setup: 'exclusive',
    expected: { serves: 'aux', moves: 2, lost: 'some', gapMsMost: 15_000 },
    script: async (world) => {
      const stopWatching = watchForTwoCopies(world);
      world.onHeal(() => void stopWatching());
      await world.cut('main');
      await world.untilLeads('aux', 20_000);
      await world.mend('main');
      await world.sleep(2_000);
      world.check(stopWatching() === 0, 'two copies ran at once');
      const killed = await guardHasKilled(world, 'main');
      world.check(!killed, 'the guard killed what the daemon should have stopped');
    },
    remark: 'stopped by the daemon itself: its guard has nothing to do',
  },
];
