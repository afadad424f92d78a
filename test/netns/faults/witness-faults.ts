import { AUX_TAKES_OVER, NOTHING_HAPPENS } from './expectations.ts';
import type { Fault } from './fault.ts';

export const WITNESS_FAULTS: readonly Fault[] = [
  {
    number: '28',
    name: 'witness down, peers up: serve',
    category: 'witness',
    setup: 'pair',
    expected: NOTHING_HAPPENS,
    script: async (world) => {
      const heal = world.witnessFault({ kind: 'hang' });
      // The leader looks every 10 s.
      await world.until(
        'main to notice',
        async () => (await world.status('main')).witness.state === 'down',
        25_000,
      );
      const answer = await world.move('aux', { on: 'main', timeoutMs: 5_000 });
      world.check(answer.status === 'refused', `a switchover without the witness was ${answer.status}`);
      heal();
      await world.until(
        'main to notice',
        async () => (await world.status('main')).witness.state === 'up',
        25_000,
      );
    },
    leavesNoTrace: true,
    remark: 'calls hang; a switchover is refused meanwhile',
  },
  {
    number: '29a',
    name: 'witness down, then partition',
    category: 'witness',
    setup: 'pair',
    expected: NOTHING_HAPPENS,
    script: async (world) => {
      const heal = world.witnessFault({ kind: 'unavailable' });
      const healPath = await world.cutHeartbeats();
      await world.sleepFor({ fullMs: 15_000, shortMs: 6_000 });
      await healPath();
      heal();
      await world.sleep(2_500);
      world.check(world.termsCreated('aux').length === 0, 'the standby won a term');
    },
    leavesNoTrace: true,
  },
  {
    number: '33',
    name: 'throttled, in a partition: as unreachable, jittered back-off',
    category: 'witness',
    setup: 'pair',
    expected: NOTHING_HAPPENS,
    script: async (world) => {
      const heal = world.witnessFault({ kind: 'throttled' });
      const healPath = await world.cutHeartbeats();
      const ms = world.full ? 15_000 : 6_000;
      await world.sleep(ms);
      const calls = world.calls().filter(({ call }) => /Parameter/.test(call)).length;
      world.counted['witness calls a second'] = Math.round((calls * 10_000) / ms) / 10;
      await healPath();
      heal();
      await world.sleep(2_500);
      world.check(calls / (ms / 1_000) < 12, `${calls} calls in ${ms} ms to a witness that throttles`);
    },
    leavesNoTrace: true,
  },
  {
    number: '34',
    name: 'access denied: classified, never a step-down by accident',
    category: 'witness',
    setup: 'pair',
    expected: NOTHING_HAPPENS,
    script: async (world) => {
      const heal = world.witnessFault({ kind: 'denied', node: 'main' });
      const healPath = await world.cutHeartbeats({ from: 'aux', to: 'main' });
      await world.sleepFor({ fullMs: 10_000, shortMs: 5_000 });
      await healPath();
      heal();
      await world.sleep(2_500);
    },
    leavesNoTrace: true,
    remark:
      "the leader is denied everything in SSM while the standby's answers are lost; its heartbeats still arrive",
  },
  {
    number: '36',
    name: 'nodes configured with different d: the record wins',
    category: 'witness',
    setup: 'uneven',
    expected: NOTHING_HAPPENS,
    script: async (world) => {
      for (const from of ['main', 'aux']) {
        const heal = await world.cutHeartbeats({ from });
        await world.sleepFor({ fullMs: 10_000, shortMs: 4_000 });
        await heal();
        await world.sleep(2_000);
      }
      world.check(world.termsCreated('aux').length === 0, 'the impatient standby won a term');
    },
    leavesNoTrace: true,
    remark:
      'the standby has half the deadtime and a third of the lease. That `doctor` warns is in its own tests',
  },
  {
    number: '29b',
    name: 'witness down, then partition, exclusive',
    category: 'witness',
    setup: 'exclusive',
    expected: { serves: 'main', moves: [0, 2], lost: 'some', gapMsMost: 40_000 },
    script: async (world) => {
      const heal = world.witnessFault({ kind: 'unavailable' });
      const healPath = await world.cutHeartbeats();
      await world.until('the service to stop', async () => !(await world.runsNginx('main')), 10_000);
      await world.sleep(4_000);
      world.check(!(await world.runsNginx('aux')), 'the standby started it without a term');
      await healPath();
      heal();
    },
    remark: 'stops everywhere, and serves again when the witness is back',
  },
  {
    number: '30n',
    name: 'create applied, answer lost, in a takeover',
    category: 'witness',
    setup: 'pair',
    expected: AUX_TAKES_OVER,
    script: async (world) => {
      world.injectApi({ kind: 'withhold-answer', node: 'aux', call: 'PutParameter', times: 1 });
      await world.killNode('main');
      await world.untilLeads('aux');
    },
    remark: 'the catalogue asks the simulator only; here once more against a real API',
  },
];
