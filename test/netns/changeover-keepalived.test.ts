import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { useLocalStack } from '../support/localstack.ts';
import type { Client } from '../support/netns/client.ts';
import { type Cluster, type ClusterNode, startCluster } from '../support/netns/cluster.ts';
import { eipkeeper, missingDaemon, startDaemon, stopDaemon } from '../support/netns/daemon.ts';
import {
  configureKeepalived,
  editKeepalivedConfig,
  missingKeepalived,
  startKeepalived,
} from '../support/netns/keepalived.ts';
import { monotonicMs } from '../support/netns/monotonic.ts';
import { untilLeads, untilNothingIsMissing, untilReady } from '../support/netns/operator.ts';
import { describeNetns } from '../support/netns/requirements.ts';
import { waitFor } from '../support/netns/wait-for.ts';

/** docs/migration.md, "Changing over from keepalived" and its way back. */
describeNetns(
  'a running keepalived pair',
  () => {
    const localstack = useLocalStack();
    let cluster: Cluster;
    let client: Client;

    beforeEach(async (context) => {
      localstack.skipIfMissing(context);
      cluster = await startCluster({
        endpoint: localstack.endpoint,
        group: { failback: 'manual', standbyServices: 'warm' },
      });
      for (const node of cluster.nodes) await node.startNginx();
      await configureKeepalived(cluster);
    }, 120_000);

    afterEach(async ({ task }) => {
      if (task.result?.state === 'fail') {
        for (const { name, log } of cluster.nodes)
          console.error(
            `--- ${name}\n${await log('keepalived')}\n${await log('updateEIP')}\n${await log('eipkeeper')}`,
          );
      }
      await cluster?.close();
    }, 120_000);

    const nginxOf = ({ directory }: ClusterNode) => readFile(`${directory}/nginx.pid`, 'utf8');

    it('is changed over, moved there and back, and given back without one failed request', async () => {
      const [main, aux] = [cluster.node('main'), cluster.node('aux')];
      let master = await startKeepalived(main);
      const backup = await startKeepalived(aux);
      const isOnMain = () => cluster.address.holder === main.networkInterfaceId;
      await waitFor('the address to be on main', isOnMain, { withinMs: 60_000 });
      client = await cluster.startClient();
      await client.waitForAnswerBy('node_1', { withinMs: 10_000 });
      const sinceMs = monotonicMs();
      const moves = cluster.address.moves;
      const nginx = await nginxOf(main);

      for (const node of cluster.nodes) await untilNothingIsMissing(node);
      for (const node of cluster.nodes)
        await editKeepalivedConfig(node, (text) => text.replace('  notify_stop', '  # notify_stop'));
      await backup.reload();
      await master.reload();
      await backup.stop();
      const mainDaemon = await startDaemon(main);
      await untilLeads(main);
      await master.stop();
      const auxDaemon = await startDaemon(aux);
      await untilReady(main);
      expect(cluster.address.moves).toBe(moves);
      expect(await nginxOf(main)).toBe(nginx);

      await eipkeeper(aux, 'switchover', '--to', 'aux');
      await client.waitForAnswerBy('node_2', { withinMs: 20_000 });
      await eipkeeper(aux, 'switchover', '--to', 'main');
      await client.waitForAnswerBy('node_1', { withinMs: 20_000 });

      await stopDaemon(auxDaemon);
      await stopDaemon(mainDaemon);
      for (const node of cluster.nodes)
        await editKeepalivedConfig(node, (text) => text.replace('  # notify_stop', '  notify_stop'));
      master = await startKeepalived(main);
      await master.untilMaster();
      await startKeepalived(aux);
      // A backup that did not hear the master would be master after less than four adverts.
      await sleep(6_000);
      expect(cluster.address.moves).toBe(moves + 2);
      // Which keepalived needs to be warm.
      await aux.run(['curl', '-sf', '-m', '5', 'http://127.0.0.1/health']);
      const seen = await client.availabilitySince(sinceMs);
      expect(seen).toMatchObject({ failed: 0 });
    });
  },
  { missing: missingDaemon() ?? missingKeepalived(), timeoutMs: 300_000 },
);
