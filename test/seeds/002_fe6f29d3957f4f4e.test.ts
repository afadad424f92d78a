import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, vi } from 'vitest';
import { clusterTest, runCommand } from '../support/loopback-cluster.ts';
import { dies, holds, importAt, PATIENT, play, seed } from './support/imported-cluster.ts';

vi.setConfig(PATIENT);

const FILES = seed('002_fe6f29d3957f4f4e');
const PEERS = ['--peer', 'server1=10.0.0.11', '--peer', 'server2=10.0.1.12'];

describe('article 002: Heartbeat on EC2, its messages only', () => {
  clusterTest(
    'asks for the addresses behind its placeholders, and for the Elastic IP that it does not have',
    async ({ cluster }) => {
      const { code, output } = await runCommand(['import', FILES], cluster.aws.environmentOf('main'));
      expect(code).toBe(78);
      expect(output).toContain('ha.cf:7: "ucast eth0 10.xxx.xxx.xxa": this is no IP address');
      expect(output).toContain(
        'add --peer server1.domain.com=<its private address> --peer server2.domain.com=<its private address>',
      );
      expect(output).toContain(
        'haresources: has no group, so nothing would move: write one, or say which Elastic IP moves with --eip',
      );
    },
  );

  clusterTest(
    'imports with what it asked for, and the address goes to the node that lives',
    async ({ cluster, main, aux }) => {
      const file = await importAt(cluster, FILES, ...PEERS, '--eip', cluster.publicIp);
      expect(file).toMatchObject({
        port: 694,
        nodes: {
          server1: { address: '10.0.0.11', hostname: 'server1.domain.com' },
          server2: { address: '10.0.1.12', hostname: 'server2.domain.com' },
        },
        groups: {
          address: {
            failback: 'manual',
            resources: [{ 'elastic-ip': { allocationId: cluster.allocationId } }],
          },
        },
      });
      play(cluster, file, { nodes: { server1: main, server2: aux } });
      main.start();
      await main.says('server1 runs');
      aux.start();
      await holds(cluster, main);
      await aux.says('leader server1');
      await dies(cluster, main);
      await holds(cluster, aux);
    },
  );

  clusterTest('has broadcast and multicast refused with the reason', async ({ cluster }) => {
    for (const medium of ['bcast eth0', 'mcast eth0 239.0.0.1 694 1 0']) {
      const files = join(cluster.dir, 'ha.d');
      cpSync(FILES, files, { recursive: true });
      const path = join(files, 'ha.cf');
      writeFileSync(
        path,
        readFileSync(path, 'utf8')
          .replace(/ucast .*\n/g, '')
          .concat(`${medium}\n`),
      );
      const { code, output } = await runCommand(['import', files], cluster.aws.environmentOf('main'));
      expect(code).toBe(78);
      expect(output).toContain(`"${medium}": a VPC carries neither broadcast nor multicast`);
    }
  });
});
