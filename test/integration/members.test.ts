import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, vi } from 'vitest';
import {
  type ConfigurationDraft,
  clusterTest,
  type LoopbackCluster,
  type LoopbackNode,
  UNHURRIED,
  until,
} from '../support/loopback-cluster.ts';

const TERMS = /\/web\/term\/\d+$/;

/** The nodes that the newest term names, as SSM holds it. */
function members({ aws }: LoopbackCluster): readonly string[] {
  const terms = aws.parameters.list('/', true).filter(({ name }) => TERMS.test(name));
  const number = ({ name }: { name: string }) => Number(name.split('/').at(-1));
  const newest = terms.toSorted((left, right) => number(left) - number(right)).at(-1);
  return newest === undefined ? [] : (JSON.parse(newest.value) as { members: string[] }).members;
}

const counts = (cluster: LoopbackCluster, ...wanted: readonly string[]) =>
  until(`${wanted} to count`, async () => members(cluster).toSorted().join() === wanted.toSorted().join());

/** Names the third instance in a file, as one that the group may go to last. */
function nameThird(cluster: LoopbackCluster) {
  const { instanceId } = cluster.aws.cloud.instanceOf('stranger');
  return ({ nodes, groups }: ConfigurationDraft) => {
    nodes.stranger = { address: cluster.stranger.address, instanceId };
    groups.web.nodes = ['main', 'aux', 'stranger'];
  };
}

function leaveThirdOut({ nodes, groups }: ConfigurationDraft): void {
  delete nodes.stranger;
  groups.web.nodes = ['main', 'aux'];
}

async function reload(node: LoopbackNode, change: (file: ConfigurationDraft) => void): Promise<void> {
  node.write(change);
  expect(await node.command('reload')).toMatchObject({ code: 0 });
}

vi.setConfig(UNHURRIED);

describe('membership', () => {
  clusterTest(
    'a third node joins by reload, is forgotten once it is gone, and nothing is moved or restarted',
    async ({ cluster, main, aux }) => {
      const third = cluster.stranger;
      await cluster.startServing();
      const before = await cluster.service();
      third.write(nameThird(cluster));
      third.start();
      // Nobody names it yet: it finds who leads in the witness, and claims nothing.
      await third.says(/cannot lead: the leader has not taken this node in/);
      expect(members(cluster).toSorted()).toEqual(['aux', 'main']);

      await reload(aux, nameThird(cluster));
      await reload(main, nameThird(cluster));
      await counts(cluster, 'main', 'aux', 'stranger');
      await main.says('stranger taken in');
      await third.says('stranger can lead');

      const refused = await main.command('forget', 'stranger');
      expect(refused).toMatchObject({ code: 107, output: expect.stringContaining('stranger is heard') });
      main.write(leaveThirdOut);
      expect(await main.command('reload')).toMatchObject({
        code: 78,
        output: expect.stringContaining('eipkeeper forget stranger'),
      });
      main.write(nameThird(cluster));

      await third.ended('SIGKILL');
      await main.says('stranger has been silent');
      expect(await aux.command('forget', 'stranger')).toMatchObject({
        code: 107,
        output: expect.stringContaining('main leads web'),
      });
      expect(await main.command('forget', 'stranger')).toMatchObject({ code: 0 });
      expect(members(cluster).toSorted()).toEqual(['aux', 'main']);
      for (const node of [main, aux]) await reload(node, leaveThirdOut);
      expect((await main.status()).nodes.map(({ name }) => name)).toEqual(['main', 'aux']);
      expect(await cluster.service()).toEqual(before);
    },
  );

  clusterTest(
    'a replaced instance takes the name of its predecessor once that one is silent, and the group if it must',
    async ({ cluster, main, aux }) => {
      await cluster.startServing();
      const newcomer = cluster.stranger;
      const { instanceId } = cluster.aws.cloud.instanceOf('stranger');
      const replace = ({ nodes }: ConfigurationDraft) => {
        nodes.aux = { address: newcomer.address, instanceId };
      };
      newcomer.write(replace);
      await aux.ended('SIGKILL');
      await reload(main, replace);
      await main.says('aux has been silent');
      newcomer.start();
      await newcomer.says('leader main');
      await until('the newcomer to be able to lead', async () => {
        const [group] = (await main.status()).groups;
        return group?.candidates.some(({ node, eligible }) => node === 'aux' && eligible) ?? false;
      });
      expect(members(cluster).toSorted()).toEqual(['aux', 'main']);
      await main.ended('SIGKILL');
      await until('the address on the new instance', async () => cluster.holder() === 'stranger');
    },
  );

  clusterTest(
    'two groups with an address each are led by a node each, and either node takes both',
    async ({ cluster, main, aux }) => {
      const mail = addMail(cluster);
      await startBoth(cluster);
      await until('web on main and mail on aux', async () => cluster.holder() === 'main' && mail() === 'aux');
      await main.ended('SIGKILL');
      await until('both on aux', async () => cluster.holder() === 'aux' && mail() === 'aux');
      main.start();
      await until('web back on main', async () => cluster.holder() === 'main' && mail() === 'aux');
      await aux.ended('SIGKILL');
      await until('both on main', async () => cluster.holder() === 'main' && mail() === 'main');
    },
  );
});

const MAIL = { main: '127.44.1.31', aux: '127.44.1.32' } as const;

/** A second group, with an address and a program of its own, which belongs to aux. */
function addMail(cluster: LoopbackCluster): () => string {
  for (const name of ['main', 'aux'] as const)
    cluster.aws.cloud.addInterface({ attachTo: name, privateIps: [MAIL[name]] });
  const { allocationId, publicIp } = cluster.aws.cloud.allocate();
  for (const node of cluster.nodes) {
    writeFileSync(join(node.dir, 'mail'), 'mail\n');
    node.write(({ groups }) => {
      groups.web.failback = { mode: 'auto', after: '1s' };
      const program = { name: 'mail', run: ['/usr/bin/tail', '-f', join(node.dir, 'mail')] };
      groups.mail = {
        nodes: ['aux', 'main'],
        failback: { mode: 'auto', after: '1s' },
        resources: [{ exec: program }, { 'elastic-ip': { allocationId, privateAddress: MAIL } }],
      };
    });
  }
  return () => cluster.aws.cloud.holderOf(publicIp)?.node ?? '';
}

async function startBoth({ main, aux }: LoopbackCluster): Promise<void> {
  main.start();
  aux.start();
  await main.says('main runs');
  await aux.says('aux runs');
}
