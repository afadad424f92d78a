import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { useLocalStack } from '../support/localstack.ts';
import type { Client } from '../support/netns/client.ts';
import { type Cluster, type ClusterNode, startCluster } from '../support/netns/cluster.ts';
import { eipkeeper, missingDaemon, startDaemon, stopDaemon } from '../support/netns/daemon.ts';
import {
  configureHeartbeat,
  type Heartbeat,
  missingHeartbeat,
  startHeartbeat,
  untilHeartbeatHolds,
  withHeartbeatsFiles,
} from '../support/netns/heartbeat.ts';
import { importHeartbeatsFiles } from '../support/netns/heartbeat-import.ts';
import { monotonicMs } from '../support/netns/monotonic.ts';
import { untilLeads, untilNothingIsMissing, untilReady } from '../support/netns/operator.ts';
import { describeNetns } from '../support/netns/requirements.ts';

/** docs/migration.md, "Changing over" from Heartbeat and its way back. */
describeNetns(
  'a running Heartbeat pair',
  () => {
    const localstack = useLocalStack();
    let cluster: Cluster;
    let client: Client;

    beforeEach(localstack.skipIfMissing);

    afterEach(async ({ task }) => {
      if (task.result?.state === 'fail') {
        for (const { name, log } of cluster.nodes)
          console.error(
            `--- ${name}\n${await log('heartbeat')}\n${await log('updateEIP')}\n${await log('eipkeeper')}`,
          );
      }
      await cluster?.close();
    }, 120_000);

    const nginxOf = ({ directory }: ClusterNode) => readFile(`${directory}/nginx.pid`, 'utf8');
    const onBoth = async (line: string) => {
      for (const node of cluster.nodes) await withHeartbeatsFiles(node, line);
    };

    it.each([
      { autoFailback: 'on', active: 'main', standby: 'aux', shares: ['local', 'local'] },
      { autoFailback: 'off', active: 'aux', standby: 'main', shares: ['all', 'none'] },
    ] as const)(
      'is changed over, moved there and back, and given back without one failed request: auto_failback $autoFailback, active $active',
      async ({ autoFailback, shares, ...names }) => {
        cluster = await startCluster({ endpoint: localstack.endpoint });
        await configureHeartbeat(cluster, { autoFailback });
        const [active, standby] = [cluster.node(names.active), cluster.node(names.standby)];
        const heartbeat = await startPair(active, standby, shares);
        client = await cluster.startClient();
        await client.waitForAnswerBy(active.whom, { withinMs: 10_000 });
        const sinceMs = monotonicMs();
        const moves = cluster.address.moves;
        const nginx = await nginxOf(active);

        await importHeartbeatsFiles(cluster);
        for (const node of cluster.nodes) await untilNothingIsMissing(node);
        await onBoth('mv /etc/ha.d/haresources /etc/ha.d/haresources.old; touch /etc/ha.d/haresources');
        await heartbeat.standby.stop();
        await heartbeat.active.stop();
        const activeDaemon = await startDaemon(active);
        await untilLeads(active);
        const standbyDaemon = await startDaemon(standby);
        await untilReady(active);
        expect(cluster.address.moves).toBe(moves);
        expect(await nginxOf(active)).toBe(nginx);

        await eipkeeper(active, 'drill');
        expect(cluster.address.moves).toBe(moves + 2);

        await stopDaemon(standbyDaemon);
        await stopDaemon(activeDaemon);
        await onBoth('mv /etc/ha.d/haresources.old /etc/ha.d/haresources');
        await startPair(active, standby, shares);
        expect(cluster.address.moves).toBe(moves + 2);
        const seen = await client.availabilitySince(sinceMs);
        expect(seen).toMatchObject({ failed: 0 });
      },
    );

    /** The active one first, so that it has all before the other could ask for its own; `shares` is what remains. */
    const startPair = async (
      active: ClusterNode,
      standby: ClusterNode,
      shares: readonly [string, string],
    ): Promise<{ active: Heartbeat; standby: Heartbeat }> => {
      const first = await startHeartbeat(active);
      await untilHeartbeatHolds(active, 'all');
      const second = await startHeartbeat(standby);
      await untilHeartbeatHolds(active, shares[0]);
      await untilHeartbeatHolds(standby, shares[1]);
      return { active: first, standby: second };
    };
  },
  { missing: missingDaemon() ?? missingHeartbeat(), timeoutMs: 400_000 },
);
