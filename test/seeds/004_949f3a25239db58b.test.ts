import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, vi } from 'vitest';
import { findProcesses } from '../../src/resources/process-table.ts';
import {
  clusterTest,
  type LoopbackCluster,
  type LoopbackNode,
  runCommand,
} from '../support/loopback-cluster.ts';
import { dies, holds, importAt, inTheEnd, PATIENT, play, returns, seed } from './support/imported-cluster.ts';

vi.setConfig(PATIENT);

const FILES = seed('004_949f3a25239db58b');
const PEERS = [1, 2, 3].flatMap((number) => ['--peer', `server${number}.example.com=192.168.56.${number}`]);

const importWith = (cluster: LoopbackCluster, files = FILES) =>
  importAt(cluster, files, ...PEERS, '--eip', `192.168.56.200=${cluster.publicIp}`);

/** The program that plays a service of the article on a node; its last word tells the services apart. */
const program = ({ dir }: LoopbackNode, name: string) => [
  '/usr/bin/tail',
  '-f',
  join(dir, 'page'),
  '-n',
  linesOf(name),
];
const linesOf = (name: string): string => String(['httpd', 'smb', 'nmb'].indexOf(name) + 1);

describe('article 004: three Apache nodes', () => {
  clusterTest('asks for the address of each node, since bcast names none', async ({ cluster }) => {
    const { code, output } = await runCommand(['import', FILES], cluster.aws.environmentOf('main'));
    expect(code).toBe(78);
    expect(output).toContain(
      'ha.cf:7: "bcast eth0": a VPC carries neither broadcast nor multicast, and this names no peer',
    );
    for (const number of [1, 2, 3])
      expect(output).toContain(`--peer server${number}.example.com=<its private address>`);
  });

  clusterTest('imports with the addresses that it asked for', async ({ cluster }) => {
    expect(await importAt(cluster, FILES, ...PEERS)).toMatchObject({
      port: 694,
      nodes: { server1: { address: '192.168.56.1' }, server3: { hostname: 'server3.example.com' } },
      timings: { keepalive: '2s', warntime: '7.5s', deadtime: '15s', initdead: '2m' },
      groups: {
        httpd: {
          nodes: ['server1', 'server2', 'server3'],
          failback: 'auto',
          resources: [
            { 'private-ip': { address: '192.168.56.200' } },
            { lsb: { script: 'httpd' } },
            { lsb: { script: 'smb' } },
            { lsb: { script: 'nmb' } },
          ],
        },
      },
    });
  });

  clusterTest('takes timings in milliseconds', async ({ cluster }) => {
    const files = join(cluster.dir, 'ha.d');
    cpSync(FILES, files, { recursive: true });
    const path = join(files, 'ha.cf');
    const text = readFileSync(path, 'utf8')
      .replace('keepalive 2', 'keepalive 500ms')
      .replace('deadtime 15', 'deadtime 7500ms');
    writeFileSync(path, text);
    expect((await importWith(cluster, files)).timings).toMatchObject({
      keepalive: '500ms',
      warntime: '3.75s',
      deadtime: '7.5s',
    });
  });

  clusterTest(
    'the next node in order serves all three services: the third while two are dead, the first when they are back',
    async ({ cluster, main, aux }) => {
      const third = cluster.stranger;
      play(cluster, await importWith(cluster), {
        nodes: { server1: main, server2: aux, server3: third },
        service: (resource, node) => {
          const { script } = (resource.lsb ?? {}) as { readonly script?: string };
          return script === undefined ? null : { exec: { name: script, run: program(node, script) } };
        },
      });
      const servesAll = async (node: LoopbackNode) => {
        await holds(cluster, node);
        await inTheEnd(`all services on ${node.name}`, async () => (await servicesOf(node)).length === 3);
      };
      main.start();
      await main.says('server1 runs');
      aux.start();
      third.start();
      await servesAll(main);
      await aux.says('leader server1');
      await third.says('leader server1');

      await dies(cluster, main);
      await stopServices(main);
      await servesAll(aux);
      await third.says('leader server2');

      await dies(cluster, aux);
      await stopServices(aux);
      await servesAll(third);

      returns(cluster, main);
      // Else aux, up a moment earlier, may be served first, and the second move in a row waits half a minute.
      await main.says('leader server3');
      returns(cluster, aux);
      await servesAll(main);
      await inTheEnd('the others to have released', async () =>
        (await Promise.all([aux, third].map(servicesOf))).every((services) => services.length === 0),
      );
    },
  );
});

async function servicesOf({ dir }: LoopbackNode): Promise<readonly number[]> {
  const found = await findProcesses(({ title }) =>
    title.startsWith(`/usr/bin/tail -f ${join(dir, 'page')} -n `),
  );
  return found.map(({ pid }) => pid);
}

async function stopServices(node: LoopbackNode): Promise<void> {
  for (const pid of await servicesOf(node)) process.kill(pid, 'SIGKILL');
}
