import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, expect, it, type TestContext } from 'vitest';
import { ControlClient } from '../../src/control/client.ts';
import { useLocalStack } from '../support/localstack.ts';
import type { Client } from '../support/netns/client.ts';
import { type Cluster, startCluster } from '../support/netns/cluster.ts';
import { eipkeeper, missingDaemon, startDaemon } from '../support/netns/daemon.ts';
import type { GroupOptions } from '../support/netns/daemon-config.ts';
import { monotonicMs } from '../support/netns/monotonic.ts';
import type { NodeProcess } from '../support/netns/node-machine.ts';
import { repeatWhenStarved } from '../support/netns/repeat-when-starved.ts';
import { describeNetns } from '../support/netns/requirements.ts';
import { startStarvationGauge } from '../support/netns/starvation.ts';
import { waitFor } from '../support/netns/wait-for.ts';

/** Deadtime 1 s, one term, one move at 600 ms: 1.7 s; the rest is for a busy machine. */
const TAKEOVER_MS = 4_000;
const DEADTIME_MS = 1_000;
const BACK_AFTER_2_S: GroupOptions = { failback: { mode: 'auto', after: '2s' } };

describeNetns(
  'two nodes with nginx and an Elastic IP',
  () => {
    const localstack = useLocalStack();
    let cluster: Cluster;
    let client: Client;
    let daemons: Record<string, NodeProcess>;
    const gauge = startStarvationGauge();
    afterAll(() => gauge.close());

    /** Begins anew, with another cluster, when it fails on a machine that starves. */
    const scenario = (body: () => Promise<void>) => async (context: TestContext) => {
      localstack.skipIfMissing(context);
      await repeatWhenStarved({
        name: context.task.name,
        gauge,
        windowMs: DEADTIME_MS,
        attempt: async (repeated) => {
          if (repeated > 0) await cluster.close();
          await body();
        },
        complaintAbout: () => '',
      });
    };

    const run = async (name: string) => {
      const daemon = await startDaemon(cluster.node(name));
      gauge.watch(name, daemon.pid);
      daemons[name] = daemon;
    };

    const start = async (group: GroupOptions) => {
      cluster = await startCluster({ endpoint: localstack.endpoint, group, gauge });
      daemons = {};
      client = await cluster.startClient();
      // Who wins the first term is a race: main begins.
      await run('main');
      await client.waitForAnswerBy('node_1', { withinMs: 60_000 });
      await run('aux');
      await grantsOnly();
    };

    const printLogs = async () => {
      for (const node of cluster.nodes) console.error(`--- ${node.name}\n${await node.log('eipkeeper')}`);
    };

    const servesLocally = (name: string) =>
      cluster
        .node(name)
        .run(['curl', '-sf', '-m', '1', 'http://127.0.0.1/health'])
        .then(() => true);

    /** As after long leadership: on grants alone, the lease of the first term renounced. */
    const grantsOnly = async () => {
      const main = new ControlClient({ path: cluster.node('main').socketPath });
      const source = async () => (await main.status()).groups[0]?.authority.source;
      await waitFor('aux to grant', async () => (await source()) === 'grants', { withinMs: 60_000 });
      await sleep(1.5 * DEADTIME_MS);
    };

    const restart = async (name: string) => {
      await run(name);
      await waitFor(`nginx on ${name}`, () => servesLocally(name), { withinMs: 40_000, everyMs: 100 });
    };

    afterEach(async ({ task }) => {
      if (task.result?.state === 'fail') await printLogs();
      await cluster?.close();
    }, 120_000);

    it(
      'serves from node_2 when the link of the leader is cut, and from node_1 again, losing nothing, when it is mended',
      scenario(async () => {
        await start(BACK_AFTER_2_S);
        const cutMs = monotonicMs();
        await cluster.cut('main');
        await client.waitForAnswerBy('node_2', { withinMs: 30_000 });
        expect((await client.availabilitySince(cutMs)).longestGapMs).toBeLessThan(TAKEOVER_MS);

        const mendedMs = monotonicMs();
        await cluster.mend('main');
        await client.waitForAnswerBy('node_1', { withinMs: 30_000 });
        expect(await client.availabilitySince(mendedMs)).toMatchObject({ failed: 0 });
        expect(cluster.address.moves).toBe(3);
      }),
    );

    it(
      'serves from node_2 when everything on the leader is killed, and from node_1 again, losing nothing, when it is back',
      scenario(async () => {
        await start(BACK_AFTER_2_S);
        const killedMs = monotonicMs();
        await cluster.node('main').killEverything();
        await client.waitForAnswerBy('node_2', { withinMs: 30_000 });
        expect((await client.availabilitySince(killedMs)).longestGapMs).toBeLessThan(TAKEOVER_MS);

        const backMs = monotonicMs();
        await restart('main');
        await client.waitForAnswerBy('node_1', { withinMs: 40_000 });
        expect(await client.availabilitySince(backMs)).toMatchObject({ failed: 0 });
      }),
    );

    it(
      'stays on node_2 with manual failback until an operator, on either node, says otherwise',
      scenario(async () => {
        await start({ failback: 'manual' });
        await cluster.node('main').killEverything();
        await client.waitForAnswerBy('node_2', { withinMs: 30_000 });
        const backMs = monotonicMs();
        // A standby keeps its nginx stopped: only its word tells that it is back.
        await run('main');
        const isBack = async () =>
          (await eipkeeper(cluster.node('aux'), 'status')).includes('Online: [ main aux ]');
        await waitFor('main to be online', isBack, { withinMs: 40_000, everyMs: 100 });
        // Nothing happens is what is to be seen: several times what a failback would take.
        await sleep(8_000);
        expect((await client.availabilitySince(backMs)).byWhom).not.toHaveProperty('node_1');

        await eipkeeper(cluster.node('aux'), 'failover', '--to', 'main');
        await client.waitForAnswerBy('node_1', { withinMs: 30_000 });
        await eipkeeper(cluster.node('aux'), 'failover', '--to', 'aux');
        await client.waitForAnswerBy('node_2', { withinMs: 30_000 });
        await eipkeeper(cluster.node('main'), 'failover', '--to', 'main');
        await client.waitForAnswerBy('node_1', { withinMs: 30_000 });
        expect(await client.availabilitySince(backMs)).toMatchObject({ failed: 0 });
      }),
    );

    it(
      'moves nothing and loses nothing while only the heartbeats are cut, nor when they heal',
      scenario(async () => {
        await start(BACK_AFTER_2_S);
        const cutMs = monotonicMs();
        const moves = cluster.address.moves;
        const heal = await cluster.paths.cutHeartbeats();
        // Fifteen deadtimes.
        await sleep(15_000);
        await heal();
        await sleep(5_000);
        const seen = await client.availabilitySince(cutMs);
        expect(seen).toMatchObject({ failed: 0 });
        expect(Object.keys(seen.byWhom)).toEqual(['node_1']);
        expect(cluster.address.moves).toBe(moves);
      }),
    );

    it(
      'serves soon after the return of an API that was down when the leader died',
      scenario(async () => {
        await start(BACK_AFTER_2_S);
        const heal = cluster.api.inject({ kind: 'unavailable' });
        await sleep(3_000);
        await cluster.node('main').killEverything();
        await sleep(10_000);
        expect(cluster.address.holder).toBe(cluster.node('main').networkInterfaceId);
        heal();
        // 2 s is the promise for a machine that does nothing else: `npm run faults`, 71.
        await client.waitForAnswerBy('node_2', { withinMs: 4_000 });
      }),
    );

    it(
      'moves nothing and loses nothing when only the daemon of the leader is killed and started again',
      scenario(async () => {
        await start({ failback: 'manual' });
        const killedMs = monotonicMs();
        const moves = cluster.address.moves;
        daemons.main?.signal('SIGKILL');
        await daemons.main?.exited;
        await restart('main');
        await sleep(5_000);
        expect(await client.availabilitySince(killedMs)).toMatchObject({ failed: 0 });
        expect(cluster.address.moves - moves).toBeLessThanOrEqual(1);
      }),
    );

    it(
      'loses nothing when the daemon of the leader is frozen, replaced and thawed',
      scenario(async () => {
        await start({ failback: 'manual' });
        const frozenMs = monotonicMs();
        const moves = cluster.address.moves;
        daemons.main?.signal('SIGSTOP');
        await client.waitForAnswerBy('node_2', { withinMs: 30_000 });
        daemons.main?.signal('SIGCONT');
        await sleep(5_000);
        expect(await client.availabilitySince(frozenMs)).toMatchObject({ failed: 0 });
        expect(cluster.address.moves - moves).toBe(1);
      }),
    );
  },
  { missing: missingDaemon(), timeoutMs: 300_000 },
);
