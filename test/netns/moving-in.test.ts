import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { useLocalStack } from '../support/localstack.ts';
import type { Client } from '../support/netns/client.ts';
import { type Cluster, startCluster } from '../support/netns/cluster.ts';
import { eipkeeper, missingDaemon, startDaemon, stopDaemon } from '../support/netns/daemon.ts';
import { monotonicMs } from '../support/netns/monotonic.ts';
import { groupOn, untilLeads, untilNothingIsMissing } from '../support/netns/operator.ts';
import { describeNetns } from '../support/netns/requirements.ts';
import { waitFor } from '../support/netns/wait-for.ts';

/** docs/migration.md, "On a server that already serves". */
describeNetns(
  'a server that already serves behind its address',
  () => {
    const localstack = useLocalStack();
    let cluster: Cluster;
    let client: Client;

    beforeEach(async (context) => {
      localstack.skipIfMissing(context);
      cluster = await startCluster({ endpoint: localstack.endpoint, group: { failback: 'manual' } });
      const main = cluster.node('main');
      await main.run(['nginx', '-c', main.nginxConfigPath]);
      await cluster.placeAddress('main');
      client = await cluster.startClient();
      await client.waitForAnswerBy('node_1', { withinMs: 10_000 });
    }, 120_000);

    afterEach(async ({ task }) => {
      if (task.result?.state === 'fail') {
        for (const node of cluster.nodes)
          console.error(`--- ${node.name}\n${await node.log('eipkeeper').catch(() => 'none')}`);
      }
      await cluster?.close();
    }, 120_000);

    const master = () => readFile(`${cluster.node('main').directory}/nginx.pid`, 'utf8');

    it('takes eipkeeper in, moves there and back, and lets it go again without one failed request', async () => {
      const sinceMs = monotonicMs();
      const before = await master();
      const moves = cluster.address.moves;

      for (const node of cluster.nodes) await untilNothingIsMissing(node);
      const main = await startDaemon(cluster.node('main'));
      await untilLeads(cluster.node('main'));
      const aux = await startDaemon(cluster.node('aux'));
      await waitFor(
        'main to lead by grants',
        async () => (await groupOn(cluster.node('main'))).authority.source === 'grants',
        {
          withinMs: 60_000,
          everyMs: 200,
        },
      );
      expect(await master()).toBe(before);
      expect(cluster.address.moves).toBe(moves);

      await eipkeeper(cluster.node('aux'), 'switchover', '--to', 'aux');
      await client.waitForAnswerBy('node_2', { withinMs: 20_000 });
      await eipkeeper(cluster.node('aux'), 'switchover', '--to', 'main');
      await client.waitForAnswerBy('node_1', { withinMs: 20_000 });

      await stopDaemon(aux);
      await stopDaemon(main);
      await client.waitForAnswerBy('node_1', { withinMs: 5_000 });
      expect(await client.availabilitySince(sinceMs)).toMatchObject({ failed: 0 });
    });
  },
  { missing: missingDaemon(), timeoutMs: 300_000 },
);
