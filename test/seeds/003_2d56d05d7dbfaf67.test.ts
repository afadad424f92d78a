import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, vi } from 'vitest';
import { Forwarder } from '../../src/demo/forwarder.ts';
import { freePort } from '../integration/free-port.ts';
import { describeWhere, missingPrograms } from '../support/describe-where.ts';
import { clusterTest, type LoopbackCluster } from '../support/loopback-cluster.ts';
import { answersUntil, haproxyOf, killHaproxy } from './support/front.ts';
import { importAt, PATIENT, play, returns, seed } from './support/imported-cluster.ts';

vi.setConfig(PATIENT);

const FILES = [seed('003_2d56d05d7dbfaf67/dir0'), seed('003_2d56d05d7dbfaf67/dir1')];
const ADDRESS = '174.143.237.200';

/** The files of both nodes, their haresources written anew. */
function withResources(cluster: LoopbackCluster, haresources: string): readonly string[] {
  return ['dir0', 'dir1'].map((name, index) => {
    const copy = join(cluster.dir, name);
    cpSync(FILES[index] ?? '', copy, { recursive: true });
    writeFileSync(join(copy, 'haresources'), haresources);
    return copy;
  });
}

describeWhere(
  missingPrograms({ haproxy: 'haproxy' }),
  'article 003: dir0 and dir1 with a failover address before a balancer',
  () => {
    clusterTest('imports as it stands, the files of both nodes merged', async ({ cluster }) => {
      expect(await importAt(cluster, ...FILES)).toMatchObject({
        port: 694,
        // Each file names the peer: dir0's has the address of dir1.
        nodes: { dir0: { address: '10.176.100.79' }, dir1: { address: '10.176.100.160' } },
        timings: { keepalive: '2s', warntime: '15s', deadtime: '30s' },
        groups: {
          haproxy: {
            nodes: ['dir0', 'dir1'],
            failback: 'manual',
            resources: [{ 'elastic-ip': { publicIp: ADDRESS } }, { haproxy: {} }],
          },
        },
      });
    });

    clusterTest(
      'imports with the address alone, and with ldirectord and nginx behind it',
      async ({ cluster }) => {
        const eip = { 'elastic-ip': { publicIp: ADDRESS } };
        const resources = async (haresources: string) => {
          const { groups } = await importAt(cluster, ...withResources(cluster, haresources));
          return (Object.values(groups)[0] as { resources: unknown }).resources;
        };
        expect(await resources(`dir0 ${ADDRESS}/24\n`)).toEqual([eip]);
        const address = `IPaddr2::${ADDRESS}/24/eth0/174.143.237.255`;
        expect(await resources(`dir0 \\\n${address} \\\nldirectord::ldirectord.cf\n`)).toEqual([
          eip,
          {
            ocf: {
              agent: 'ocf:heartbeat:ldirectord',
              parameters: { configfile: '/etc/ha.d/ldirectord.cf' },
              exclusive: false,
            },
          },
        ]);
        expect(await resources(`dir0 \\\n${address} \\\nnginx\n`)).toEqual([eip, { nginx: {} }]);
      },
    );

    clusterTest(
      'haproxy behind the address: on dir1 when dir0 is dead, and it stays there when dir0 is back (auto_failback off)',
      async ({ cluster, main, aux }) => {
        const port = await freePort();
        const file = await importAt(cluster, ...FILES, '--eip', `${ADDRESS}=${cluster.publicIp}`);
        play(cluster, file, {
          nodes: { dir0: main, dir1: aux },
          service: (resource, node) =>
            'haproxy' in resource ? haproxyOf(node, port, node === main ? 'dir0' : 'dir1') : null,
        });
        const address = new Forwarder({
          cloud: cluster.aws.cloud,
          publicIp: cluster.publicIp,
          targetPort: port,
        });
        const eip = await address.start();
        try {
          main.start();
          await main.says('dir0 runs');
          aux.start();
          await answersUntil(eip, 'dir0');
          await aux.says('leader dir0');
          // What an operator does, and the article by stopping Heartbeat: it lost five requests.
          expect((await main.command('failover', '--to', 'dir1')).code).toBe(0);
          expect(await answersUntil(eip, 'dir1')).not.toContain('');
          expect((await main.command('failover', '--to', 'dir0')).code).toBe(0);
          expect(await answersUntil(eip, 'dir0')).not.toContain('');

          cluster.aws.cloud.unplug('main');
          await main.ended('SIGKILL');
          await killHaproxy(main);
          await answersUntil(eip, 'dir1');
          returns(cluster, main);
          await main.says('leader dir1');
          // Nothing happens is what is to be seen: longer than a failback would wait.
          await sleep(8_000);
          expect(cluster.holder()).toBe('aux');
        } finally {
          await address.close();
          await Promise.all([main, aux].filter(({ runs }) => runs).map((node) => node.ended('SIGKILL')));
          await killHaproxy(main);
          await killHaproxy(aux);
        }
      },
    );
  },
  PATIENT.testTimeout,
);
