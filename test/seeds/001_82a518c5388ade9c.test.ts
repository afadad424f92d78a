import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, vi } from 'vitest';
import { clusterTest, type LoopbackCluster, type LoopbackNode } from '../support/loopback-cluster.ts';
import { dies, importAt, inTheEnd, PATIENT, play, returns, seed } from './support/imported-cluster.ts';

vi.setConfig(PATIENT);

const FILES = seed('001_82a518c5388ade9c');

/** The files of the article with one of them changed. */
function changed(cluster: LoopbackCluster, name: string, change: (text: string) => string): string {
  const copy = join(cluster.dir, 'ha.d');
  cpSync(FILES, copy, { recursive: true });
  writeFileSync(join(copy, name), change(readFileSync(join(copy, name), 'utf8')));
  return copy;
}

/** The node whose interface has a private address. */
function holderOf(cluster: LoopbackCluster, address: string): string {
  const names = ['main', 'aux'];
  return names.find((name) => cluster.aws.cloud.interfaceOf(name).privateIps.includes(address)) ?? '';
}

describe('article 001: an nginx reverse proxy with a service address', () => {
  clusterTest('imports as it stands', async ({ cluster }) => {
    expect(await importAt(cluster, FILES)).toMatchObject({
      port: 695,
      nodes: { rproxy1: { address: '192.168.1.1' }, rproxy2: { address: '192.168.1.2' } },
      timings: { keepalive: '2s', warntime: '10s', deadtime: '30s', initdead: '2m' },
      groups: {
        nginx: {
          nodes: ['rproxy1', 'rproxy2'],
          failback: 'auto',
          resources: [{ 'private-ip': { address: '10.8.0.1' } }, { nginx: {} }],
        },
      },
    });
  });

  clusterTest('takes the service address in each of its spellings', async ({ cluster }) => {
    for (const spelling of [
      'IPaddr::10.8.0.1',
      'IPaddr2::10.8.0.1',
      'IPaddr::10.8.0.1/255.255.255.0/eth1/255.255.255.255',
    ]) {
      const files = changed(cluster, 'haresources', () => `rproxy1 ${spelling} nginx\n`);
      const { groups } = await importAt(cluster, files);
      expect(groups.nginx.resources).toEqual([
        { 'private-ip': { address: '10.8.0.1', configure: true } },
        { nginx: {} },
      ]);
    }
  });

  clusterTest('takes udpport only for the media after it', async ({ cluster }) => {
    const files = changed(cluster, 'ha.cf', (text) => `${text.replace('udpport 695\n', '')}udpport 695\n`);
    expect((await importAt(cluster, files)).port).toBe(694);
  });

  clusterTest('ipfail: the ping nodes of the article are those of the configuration', async ({ cluster }) => {
    // What a node does when it loses them is in test/integration/connectivity.test.ts.
    const lines =
      'ping 10.8.0.254\nping_group routers 10.8.0.252 10.8.0.253\nrespawn hacluster /usr/lib/heartbeat/ipfail\n';
    const { ping } = await importAt(
      cluster,
      changed(cluster, 'ha.cf', (text) => text + lines),
    );
    expect(ping).toEqual([{ icmp: '10.8.0.254' }, { icmp: '10.8.0.252' }, { icmp: '10.8.0.253' }]);
  });

  clusterTest(
    'acquires from left to right and releases from right to left, the address last and first',
    async ({ cluster, main, aux }) => {
      const journal = join(cluster.dir, 'order');
      writeFileSync(journal, '');
      const files = changed(cluster, 'haresources', () => 'rproxy1 10.8.0.1 first second\n');
      play(cluster, await importAt(cluster, files), {
        nodes: { rproxy1: main, rproxy2: aux },
        service: (resource, node) =>
          'lsb' in resource
            ? noted(String((resource.lsb as { script: string }).script), node, journal)
            : null,
      });
      for (const node of cluster.nodes) {
        node.write(({ groups }) => {
          for (const { 'private-ip': address } of groups.first.resources)
            if (address) address.address = SERVICE;
        });
      }
      main.start();
      await main.says('rproxy1 runs');
      aux.start();
      await inTheEnd('rproxy1 to serve', async () => holderOf(cluster, SERVICE) === 'main');
      await aux.says('leader rproxy1');
      expect((await main.command('failover', '--to', 'rproxy2')).code).toBe(0);
      await inTheEnd('rproxy1 to have released', async () =>
        readFileSync(journal, 'utf8').includes('main first stop'),
      );
      const order = readFileSync(journal, 'utf8')
        .split('\n')
        .filter((line) => /start|stop/.test(line));
      expect(order).toEqual([
        'main first start',
        'main second start',
        'aux first start',
        'aux second start',
        'main second stop',
        'main first stop',
      ]);
      expect(holderOf(cluster, SERVICE)).toBe('aux');
    },
  );

  clusterTest(
    'active-active: each node serves its own group, and one serves both while the other is dead',
    async ({ cluster, main, aux }) => {
      const files = changed(
        cluster,
        'haresources',
        () => 'rproxy1 10.8.0.1 nginx\nrproxy2 10.8.0.2 haproxy\n',
      );
      const own = { nginx: '127.44.1.51', haproxy: '127.44.1.52' };
      play(cluster, await importAt(cluster, files), {
        nodes: { rproxy1: main, rproxy2: aux },
        service: (resource, { dir }) =>
          'haproxy' in resource
            ? { exec: { name: 'other', run: ['/usr/bin/tail', '-f', join(dir, 'page'), '-q'] } }
            : null,
      });
      for (const node of cluster.nodes) {
        node.write(({ groups }) => {
          groups.nginx.resources[0]['private-ip'].address = own.nginx;
          groups.haproxy.resources[0]['private-ip'].address = own.haproxy;
        });
      }
      const places = async (nginx: string, haproxy: string) =>
        inTheEnd(
          `${nginx} and ${haproxy} to serve`,
          async () => holderOf(cluster, own.nginx) === nginx && holderOf(cluster, own.haproxy) === haproxy,
        );
      main.start();
      aux.start();
      await places('main', 'aux');
      await dies(cluster, main);
      await places('aux', 'aux');
      returns(cluster, main);
      await places('main', 'aux');
    },
  );
});

/** In the network of the nodes here. */
const SERVICE = '127.44.1.50';

/** A service that notes its starts and stops. */
function noted(
  name: string,
  { name: node, dir }: LoopbackNode,
  journal: string,
): Readonly<Record<string, unknown>> {
  const flag = join(dir, `${name}.running`);
  const shell = (script: string) => ['/bin/sh', '-c', script];
  return {
    exec: {
      name,
      start: shell(`touch ${flag}; echo ${node} ${name} start >> ${journal}`),
      // A stop of what is stopped is asked for at times, and is none.
      stop: shell(`[ -e ${flag} ] || exit 0; rm ${flag}; echo ${node} ${name} stop >> ${journal}`),
      monitor: shell(`[ -e ${flag} ] || exit 7`),
    },
  };
}
