import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { useLocalStack } from '../support/localstack.ts';
import type { Client } from '../support/netns/client.ts';
import { type Cluster, startCluster } from '../support/netns/cluster.ts';
import { eipkeeper, missingDaemon, startDaemon } from '../support/netns/daemon.ts';
import type { GroupOptions } from '../support/netns/daemon-config.ts';
import { monotonicMs } from '../support/netns/monotonic.ts';
import type { NodeProcess } from '../support/netns/node-machine.ts';
import { describeNetns } from '../support/netns/requirements.ts';
import { waitFor } from '../support/netns/wait-for.ts';

/** Deadtime 1 s, one term, one move at 600 ms: 1.7 s; the rest is for a busy machine. */
const TAKEOVER_MS = 4_000;
const BACK_AFTER_2_S: GroupOptions = { failback: { mode: 'auto', after: '2s' } };

describeNetns(
  'two nodes with nginx and an Elastic IP',
  () => {
    const localstack = useLocalStack();
    let cluster: Cluster;
    let client: Client;
    let daemons: Record<string, NodeProcess>;

    const start = async (group: GroupOptions) => {
      cluster = await startCluster({ endpoint: localstack.endpoint, group });
      daemons = {};
      for (const node of cluster.nodes) daemons[node.name] = await startDaemon(node);
      client = await cluster.startClient();
      await client.waitForAnswerBy('node_1', { withinMs: 30_000 });
      await bothServe();
    };

    const printLogs = async () => {
      for (const node of cluster.nodes) console.error(`--- ${node.name}\n${await node.log('eipkeeper')}`);
    };

    const servesLocally = (name: string) =>
      cluster
        .node(name)
        .run(['curl', '-sf', '-m', '1', 'http://127.0.0.1/health'])
        .then(() => true);

    const bothServe = () =>
      waitFor(
        'nginx on both nodes',
        async () => (await servesLocally('main')) && (await servesLocally('aux')),
        { withinMs: 20_000, everyMs: 100 },
      );

    const restart = async (name: string) => {
      daemons[name] = await startDaemon(cluster.node(name));
      await waitFor(`nginx on ${name}`, () => servesLocally(name), { withinMs: 20_000, everyMs: 100 });
    };

    afterEach(async ({ task }) => {
      if (task.result?.state === 'fail') await printLogs();
      await cluster?.close();
    }, 30_000);

    it('serves from node_2 when the link of the leader is cut, and from node_1 again, losing nothing, when it is mended', async (context) => {
      localstack.skipIfMissing(context);
      await start(BACK_AFTER_2_S);
      const cutMs = monotonicMs();
      await cluster.cut('main');
      await client.waitForAnswerBy('node_2', { withinMs: 15_000 });
      expect((await client.availabilitySince(cutMs)).longestGapMs).toBeLessThan(TAKEOVER_MS);

      const mendedMs = monotonicMs();
      await cluster.mend('main');
      await client.waitForAnswerBy('node_1', { withinMs: 30_000 });
      expect(await client.availabilitySince(mendedMs)).toMatchObject({ failed: 0 });
      expect(cluster.address.moves).toBe(3);
    });

    it('serves from node_2 when everything on the leader is killed, and from node_1 again, losing nothing, when it is back', async (context) => {
      localstack.skipIfMissing(context);
      await start(BACK_AFTER_2_S);
      const killedMs = monotonicMs();
      await cluster.node('main').killEverything();
      await client.waitForAnswerBy('node_2', { withinMs: 15_000 });
      expect((await client.availabilitySince(killedMs)).longestGapMs).toBeLessThan(TAKEOVER_MS);

      const backMs = monotonicMs();
      await restart('main');
      await client.waitForAnswerBy('node_1', { withinMs: 40_000 });
      expect(await client.availabilitySince(backMs)).toMatchObject({ failed: 0 });
    });

    it('stays on node_2 with manual failback until an operator, on either node, says otherwise', async (context) => {
      localstack.skipIfMissing(context);
      await start({ failback: 'manual' });
      await cluster.node('main').killEverything();
      await client.waitForAnswerBy('node_2', { withinMs: 15_000 });
      const backMs = monotonicMs();
      // A standby keeps its nginx stopped: only its word tells that it is back.
      daemons.main = await startDaemon(cluster.node('main'));
      const isBack = async () =>
        (await eipkeeper(cluster.node('aux'), 'status')).includes('Online: [ main aux ]');
      await waitFor('main to be online', isBack, { withinMs: 20_000, everyMs: 100 });
      // Nothing happens is what is to be seen: several times what a failback would take.
      await sleep(8_000);
      expect((await client.availabilitySince(backMs)).byWhom).not.toHaveProperty('node_1');

      await eipkeeper(cluster.node('aux'), 'failover', '--to', 'main');
      await client.waitForAnswerBy('node_1', { withinMs: 5_000 });
      await eipkeeper(cluster.node('aux'), 'failover', '--to', 'aux');
      await client.waitForAnswerBy('node_2', { withinMs: 5_000 });
      await eipkeeper(cluster.node('main'), 'failover', '--to', 'main');
      await client.waitForAnswerBy('node_1', { withinMs: 5_000 });
      expect(await client.availabilitySince(backMs)).toMatchObject({ failed: 0 });
    });

    it('moves nothing and loses nothing while only the heartbeats are cut, nor when they heal', async (context) => {
      localstack.skipIfMissing(context);
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
    });

    it('serves within 2 s of the return of an API that was down when the leader died', async (context) => {
      localstack.skipIfMissing(context);
      await start(BACK_AFTER_2_S);
      const heal = cluster.api.inject({ kind: 'unavailable' });
      await sleep(3_000);
      await cluster.node('main').killEverything();
      await sleep(10_000);
      expect(cluster.address.holder).toBe(cluster.node('main').networkInterfaceId);
      heal();
      await client.waitForAnswerBy('node_2', { withinMs: 2_000 });
    });

    it('moves nothing and loses nothing when only the daemon of the leader is killed and started again', async (context) => {
      localstack.skipIfMissing(context);
      await start({ failback: 'manual' });
      const killedMs = monotonicMs();
      const moves = cluster.address.moves;
      daemons.main?.signal('SIGKILL');
      await daemons.main?.exited;
      await restart('main');
      await sleep(5_000);
      expect(await client.availabilitySince(killedMs)).toMatchObject({ failed: 0 });
      expect(cluster.address.moves - moves).toBeLessThanOrEqual(1);
    });

    it('loses nothing when the daemon of the leader is frozen, replaced and thawed', async (context) => {
      localstack.skipIfMissing(context);
      await start({ failback: 'manual' });
      const frozenMs = monotonicMs();
      const moves = cluster.address.moves;
      daemons.main?.signal('SIGSTOP');
      await client.waitForAnswerBy('node_2', { withinMs: 5_000 });
      daemons.main?.signal('SIGCONT');
      await sleep(5_000);
      expect(await client.availabilitySince(frozenMs)).toMatchObject({ failed: 0 });
      expect(cluster.address.moves - moves).toBe(1);
    });
  },
  { missing: missingDaemon(), timeoutMs: 120_000 },
);
