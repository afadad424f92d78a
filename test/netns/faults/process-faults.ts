import type { NodeProcess } from '../../support/netns/node-machine.ts';
import { AUX_TAKES_OVER, AUX_TAKES_OVER_SOFTLY, NOTHING_HAPPENS } from './expectations.ts';
import type { Fault } from './fault.ts';
import type { FaultWorld } from './fault-world.ts';
import { guardHasKilled, watchForTwoCopies } from './support/two-copies.ts';
import { restartWithWallClock, setWallClock } from './support/wall-clock.ts';

const BLOCKABLE_DAEMON = new URL('support/blockable-daemon.ts', import.meta.url).pathname;

async function frozenStandby(world: FaultWorld): Promise<void> {
  world.freeze('aux');
  await world.sleepFor({ fullMs: 10_000, shortMs: 4_000 });
  world.thaw('aux');
  await world.sleep(2_500);
  world.check(world.termsCreated('aux').length === 0, 'the thawed standby claimed');
}

/** The controller of an exclusive leader is lost: its guard is not. */
async function lostWithItsService(world: FaultWorld, lose: () => void | Promise<void>): Promise<void> {
  const stopWatching = watchForTwoCopies(world);
  world.onHeal(() => void stopWatching());
  await lose();
  await world.untilLeads('aux', 20_000);
  await world.until('the service of main to be gone', async () => !(await world.runsNginx('main')));
  world.check(stopWatching() === 0, 'two copies ran at once');
  world.check(await guardHasKilled(world, 'main'), 'the guard killed nothing');
}

/** The program's own clock, an hour off and back again. */
async function wallClockSteps(world: FaultWorld): Promise<void> {
  for (const [step, hours] of [
    ['+1h', 1],
    ['-1h', -1],
    ['+0', 0],
  ] as const) {
    await setWallClock(world, 'main', step);
    await world.until(`the clock of main to be at ${step}`, async () => {
      const aheadMs = Date.parse((await world.status('main')).time) - Date.now();
      return Math.abs(aheadMs - hours * 3_600_000) < 60_000;
    });
    await world.sleep(1_200);
  }
  world.check(world.termsCreated().length === 0, 'a step of the clock led to a new term');
}

async function starve(world: FaultWorld): Promise<void> {
  const burners: NodeProcess[] = [];
  for (const name of ['main', 'aux']) {
    await world.node(name).run(['taskset', '-a', '-cp', '0', String(world.daemon(name).pid)]);
    await world.node(name).run(['renice', '-n', '5', '-p', String(world.daemon(name).pid)]);
  }
  for (let index = 0; index < 6; index += 1) {
    const line = ['taskset', '-c', '0', 'sh', '-c', 'while :; do :; done'];
    burners.push(await world.node('aux').start('burner', line));
  }
  world.onHeal(async () => {
    for (const burner of burners) burner.signal('SIGKILL');
    await Promise.all(burners.map(({ exited }) => exited));
  });
  await world.sleepFor({ fullMs: 20_000, shortMs: 6_000 });
  await world.heal();
  await world.countAlarms();
}

/** Mount namespaces of their own: the full disk is gone with the daemon, however that ends. */
const withDisk = (world: FaultWorld, name: string, options: string, fill: string) => {
  const { stateDirectory } = world.node(name);
  const script = `mount -t tmpfs -o ${options} none "$0" && { ${fill}; } && exec "$@"`;
  return ['unshare', '--mount', 'sh', '-c', script, stateDirectory];
};

export const PROCESS_FAULTS: readonly Fault[] = [
  {
    number: '2',
    name: 'standby killed',
    category: 'process',
    setup: 'pair',
    expected: NOTHING_HAPPENS,
    script: async (world) => {
      await world.killNode('aux');
      await world.sleep(3_000);
      await world.startDaemon('aux');
      await world.rest();
    },
    leavesNoTrace: true,
  },
  {
    number: '6',
    name: 'standby frozen, thawed with a full socket',
    category: 'process',
    setup: 'pair',
    expected: NOTHING_HAPPENS,
    script: frozenStandby,
    leavesNoTrace: true,
    remark: 'frozen for 4 s in the tests, 10 s here',
  },
  {
    number: '8',
    name: 'event loop blocked 2w',
    category: 'process',
    setup: 'pair',
    expected: NOTHING_HAPPENS,
    program: BLOCKABLE_DAEMON,
    script: async (world) => {
      for (const name of ['main', 'aux']) {
        world.daemon(name).signal('SIGUSR2');
        await world.until(
          `the event loop of ${name} to be free again`,
          async () => (await world.logLines(name, /the event loop was blocked/)) === 1,
        );
        await world.sleep(1_500);
      }
      world.check(world.termsCreated('aux').length === 0, 'the standby claimed');
      await world.countAlarms();
    },
    leavesNoTrace: true,
    remark: 'a signal handler that spins, in the process of the daemon',
  },
  {
    number: '9',
    name: 'CPU starved',
    category: 'process',
    setup: 'pair',
    expected: { serves: 'either', moves: [0, 2], lost: 'some', gapMsMost: 10_000 },
    script: starve,
    wantsMachine: true,
    remark: 'both daemons, at nice 5, on one CPU with six busy loops for 20 s (6 s in the tests)',
  },
  {
    number: '1',
    name: 'leader killed −9',
    category: 'process',
    setup: 'pair',
    expected: AUX_TAKES_OVER,
    script: async (world) => {
      await world.killNode('main');
      await world.untilLeads('aux');
      const takeovers = await world.logLines('aux', /the leader before fell silent/);
      world.check(takeovers === 1, `${takeovers} takeovers`);
    },
    remark: 'the whole instance: nginx as well',
  },
  {
    number: '3',
    name: 'only the controller killed and not restarted',
    category: 'process',
    setup: 'pair',
    expected: AUX_TAKES_OVER_SOFTLY,
    script: async (world) => {
      await world.killDaemon('main');
      await world.untilLeads('aux');
    },
  },
  {
    number: '4a',
    name: 'leader restarts within d',
    category: 'process',
    setup: 'patient',
    expected: NOTHING_HAPPENS,
    script: async (world) => {
      await world.killDaemon('main');
      await world.startDaemon('main');
      await world.rest();
    },
    leavesNoTrace: true,
    remark: 'd = 5 s: its start is part of the restart',
  },
  {
    number: '4b',
    name: 'leader restarts under a hold',
    category: 'process',
    setup: 'patient',
    expected: NOTHING_HAPPENS,
    script: async (world) => {
      await world.order('main', { type: 'stop', mode: 'hold' });
      await world.daemon('main').exited;
      // Longer than d.
      await world.sleep(6_500);
      await world.startDaemon('main');
      await world.rest();
    },
    leavesNoTrace: true,
    remark: 'away for more than d, which is 5 s here',
  },
  {
    number: '4c',
    name: 'leader restarts within d with the witness down',
    category: 'process',
    setup: 'patient',
    expected: NOTHING_HAPPENS,
    script: async (world) => {
      const heal = world.witnessFault({ kind: 'unavailable' });
      await world.killDaemon('main');
      await world.startDaemon('main');
      await world.sleep(6_000);
      heal();
      await world.rest();
    },
    leavesNoTrace: true,
    remark: 'd = 5 s: its start is part of the restart',
  },
  {
    number: '5',
    name: 'leader frozen longer than d, then thawed',
    category: 'process',
    setup: 'pair',
    expected: AUX_TAKES_OVER_SOFTLY,
    script: async (world) => {
      world.freeze('main');
      await world.untilLeads('aux');
      const before = world.calls({ node: 'main' }).length;
      world.thaw('main');
      await world.until('main to be a standby', async () => (await world.group('main')).role === 'standby');
      const calls = world.calls({ node: 'main' }).slice(before);
      const moved = calls.some(({ call }) => /^(Dis)?[aA]ssociateAddress/.test(call));
      world.check(!moved, 'the thawed leader moved the address');
    },
  },
  {
    number: '11',
    name: 'wall clock ±1 h',
    category: 'process',
    setup: 'pair',
    expected: NOTHING_HAPPENS,
    script: async (world) => {
      await restartWithWallClock(world, 'main');
      await wallClockSteps(world);
    },
    remark:
      "the clock of the leader's daemon alone, stepped by Debian's faketime; LocalStack does not check the dates of signatures",
  },
  {
    number: '12',
    name: 'both boot at once, address free',
    category: 'process',
    setup: 'pair',
    expected: { serves: 'either', moves: 1, lost: 'some', gapMsMost: 20_000 },
    script: async (world) => {
      await world.bootAgain({ address: 'free' });
      await world.begin();
      await Promise.all([world.startDaemon('main'), world.startDaemon('aux')]);
      const roles = async () => [(await world.group('main')).role, (await world.group('aux')).role].sort();
      await world.until(
        'one leader and one standby',
        async () => (await roles()).join() === 'leading,standby',
        20_000,
      );
      await world.sleep(2_000);
      world.check((await roles()).join() === 'leading,standby', 'not one leader');
    },
  },
  {
    number: '14',
    name: 'killed between claim and move',
    category: 'process',
    setup: 'pair',
    expected: { serves: 'main', moves: 0, lost: 'some', gapMsMost: 12_000 },
    script: async (world) => {
      world.injectApi({ kind: 'hang', node: 'aux', call: 'AssociateAddress' });
      await world.cut('main');
      await world.until(
        'aux to claim',
        () => world.calls({ node: 'aux', call: 'AssociateAddress' }).length > 0,
      );
      await world.killNode('aux');
      await world.mend('main');
      await world.until('main to claim', () => world.termsCreated('main').length > 0, 20_000);
    },
    remark: 'the leader before is only cut off, and is mended when the claimant dies',
  },
  {
    number: '15',
    name: 'killed between disassociate and associate',
    category: 'process',
    setup: 'exclusive',
    expected: { serves: 'main', moves: 2, lost: 'some', gapMsMost: 25_000 },
    script: async (world) => {
      world.injectApi({ kind: 'hang', node: 'aux', call: 'AssociateAddress' });
      await world.killNode('main');
      await world.until(
        'aux to begin',
        () => world.calls({ node: 'aux', call: 'AssociateAddress' }).length > 0,
        20_000,
      );
      world.check(world.cluster.address.holder === null, 'the address was not free');
      await world.killNode('aux');
      await world.startDaemon('main');
      await world.untilLeads('main', 30_000);
    },
    remark: 'an exclusive group: address groups move in one step',
  },
  {
    number: '3b',
    name: 'only the controller killed, exclusive',
    category: 'process',
    setup: 'exclusive',
    expected: { serves: 'aux', moves: 2, lost: 'some', gapMsMost: 15_000 },
    script: async (world) => {
      await lostWithItsService(world, () => world.killDaemon('main'));
    },
    remark: 'the guard ends its service before the other starts one',
  },
  {
    number: '5b',
    name: 'leader frozen longer than d, exclusive',
    category: 'process',
    setup: 'exclusive',
    expected: { serves: 'aux', moves: 2, lost: 'some', gapMsMost: 15_000 },
    script: async (world) => {
      await lostWithItsService(world, () => world.freeze('main'));
      world.thaw('main');
      await world.until('main to be a standby', async () => (await world.group('main')).role === 'standby');
      world.check(!(await world.runsNginx('main')), 'the thawed leader started its service');
    },
    remark: 'the guard ends its service before the other starts one',
  },
  {
    number: '17a',
    name: 'disk full: still fails over',
    category: 'process',
    setup: 'pair',
    expected: AUX_TAKES_OVER,
    script: async (world) => {
      await world.killNode('aux');
      const fill = 'dd if=/dev/zero of="$0/ballast" bs=4k >/dev/null 2>&1; exec >"$0/daemon.log" 2>&1';
      await world.startDaemon('aux', { wrap: withDisk(world, 'aux', 'size=16k', fill) });
      await world.rest();
      // As in FaultWorld.open: until the leader has renounced the lease of its last term.
      await world.sleep(1_500);
      await world.begin();
      await world.killNode('main');
    },
    remark: 'a tmpfs of 16 KB, full, for the state file and the log of the node that takes over',
  },
  {
    number: '17b',
    name: 'disk read-only: still fails over',
    category: 'process',
    setup: 'pair',
    expected: AUX_TAKES_OVER,
    script: async (world) => {
      await world.killNode('aux');
      await world.startDaemon('aux', { wrap: withDisk(world, 'aux', 'ro', 'true') });
      await world.rest();
      // As in FaultWorld.open: until the leader has renounced the lease of its last term.
      await world.sleep(1_500);
      await world.begin();
      await world.killNode('main');
    },
  },
];
