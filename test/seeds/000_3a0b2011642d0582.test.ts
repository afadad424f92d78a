import { chmodSync, cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { Forwarder } from '../../src/demo/forwarder.ts';
import { freePort } from '../integration/free-port.ts';
import { describeWhere, missingPrograms } from '../support/describe-where.ts';
import { clusterTest, type LoopbackCluster } from '../support/loopback-cluster.ts';
import { answersUntil, killNginx, nginxOf, whom } from './support/front.ts';
import { dies, holds, importAt, inTheEnd, PATIENT, play, returns, seed } from './support/imported-cluster.ts';

vi.setConfig(PATIENT);

const FILES = seed('000_3a0b2011642d0582');
const MAIN = 'ip-10-144-75-85';
const AUX = 'ip-10-36-5-11';

const importEip = (cluster: LoopbackCluster) =>
  importAt(cluster, FILES, '--eip', `updateEIP=${cluster.publicIp}`);

describeWhere(
  missingPrograms({ nginx: 'nginx' }),
  'article 000: an EC2 pair with one Elastic IP and nginx',
  () => {
    clusterTest(
      'imports as it stands, with the Elastic IP that EC2 knows in the place of updateEIP',
      async ({ cluster }) => {
        expect(await importEip(cluster)).toMatchObject({
          port: 694,
          nodes: { [AUX]: { address: '10.36.5.11' }, [MAIN]: { address: '10.144.75.85' } },
          timings: { keepalive: '2s', warntime: '15s', deadtime: '30s', initdead: '2m' },
          groups: {
            nginx: {
              nodes: [MAIN, AUX],
              failback: 'auto',
              resources: [{ 'elastic-ip': { allocationId: cluster.allocationId } }, { nginx: {} }],
            },
          },
        });
      },
    );

    clusterTest('reads the Elastic IP from the init script where it is there', async ({ cluster }) => {
      const files = join(cluster.dir, 'ha.d');
      cpSync(FILES, files, { recursive: true });
      mkdirSync(join(cluster.dir, 'init.d'));
      writeFileSync(
        join(cluster.dir, 'init.d/updateEIP'),
        `aws ec2 associate-address --public-ip ${cluster.publicIp}\n`,
      );
      const { groups } = await importAt(cluster, files);
      expect(groups.nginx.resources[0]).toEqual({ 'elastic-ip': { allocationId: cluster.allocationId } });
    });

    clusterTest(
      'X-Whom is node_1, then node_2 while main is dead, then node_1 again with nothing lost',
      async ({ cluster, main, aux }) => {
        const port = await freePort();
        play(cluster, await importEip(cluster), {
          nodes: { [MAIN]: main, [AUX]: aux },
          service: (resource, node) =>
            'nginx' in resource ? nginxOf(node, port, node === main ? 'node_1' : 'node_2') : null,
        });
        const address = new Forwarder({
          cloud: cluster.aws.cloud,
          publicIp: cluster.publicIp,
          targetPort: port,
        });
        const eip = await address.start();
        try {
          main.start();
          await main.says(`${MAIN} runs`);
          aux.start();
          await answersUntil(eip, 'node_1');
          await aux.says(`leader ${MAIN}`);

          cluster.aws.cloud.unplug('main');
          await main.ended('SIGKILL');
          await killNginx(main);
          await answersUntil(eip, 'node_2');

          returns(cluster, main);
          const answers = await answersUntil(eip, 'node_1');
          expect(new Set(answers)).toEqual(new Set(['node_2', 'node_1']));
          // aux stops its nginx once the address has left, not before.
          await inTheEnd(
            'nginx of aux to be stopped',
            async () =>
              (await aux.status()).groups[0]?.resources.find(({ type }) => type === 'nginx')?.state ===
              'stopped',
          );
          expect(await whom(eip)).toBe('node_1');
        } finally {
          await address.close();
          await Promise.all([main, aux].filter(({ runs }) => runs).map((node) => node.ended('SIGKILL')));
          await killNginx(main);
          await killNginx(aux);
        }
      },
    );

    clusterTest(
      'a key that others can read refuses to start, as authkeys did',
      async ({ cluster, main, aux }) => {
        play(cluster, await importEip(cluster), { nodes: { [MAIN]: main, [AUX]: aux } });
        chmodSync(join(cluster.dir, 'key'), 0o644);
        expect(await main.startRefused()).toMatchObject({
          code: 78,
          output: expect.stringContaining('has mode 0644'),
        });
      },
    );

    clusterTest(
      'auto_failback on: the address goes back to main when main returns',
      async ({ cluster, main, aux }) => {
        play(cluster, await importEip(cluster), { nodes: { [MAIN]: main, [AUX]: aux } });
        main.start();
        await main.says(`${MAIN} runs`);
        aux.start();
        await holds(cluster, main);
        await aux.says(`leader ${MAIN}`);
        await dies(cluster, main);
        await holds(cluster, aux);
        returns(cluster, main);
        await holds(cluster, main);
      },
    );
  },
  PATIENT.testTimeout,
);
