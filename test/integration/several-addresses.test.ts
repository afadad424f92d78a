import { describe, expect, vi } from 'vitest';
import { clusterTest, type LoopbackCluster, UNHURRIED, until } from '../support/loopback-cluster.ts';

const SECOND = { main: '127.44.1.21', aux: '127.44.1.22' } as const;
type Name = keyof typeof SECOND;

/** A cluster whose group has a second Elastic IP, for an interface of its own on each node. */
async function addSecondAddress(cluster: LoopbackCluster) {
  for (const name of ['main', 'aux'] as const) {
    cluster.aws.cloud.addInterface({ attachTo: name, privateIps: [SECOND[name]] });
  }
  const { allocationId, publicIp } = cluster.aws.cloud.allocate();
  for (const node of cluster.nodes) {
    node.write(({ groups }) => {
      groups.web.resources.push({ 'elastic-ip': { allocationId, privateAddress: SECOND } });
    });
  }
  const holder = () => cluster.aws.cloud.holderOf(publicIp);
  const bothOn = (name: Name) =>
    until(`both addresses on ${name}`, async () => cluster.holder() === name && holder()?.node === name);
  const takeAway = (to: Name) =>
    cluster.aws.cloud.associate({
      allocationId,
      networkInterfaceId: interfaceOf(cluster, to),
      privateIp: SECOND[to],
    });
  const giveBack = () => {
    const address = cluster.aws.cloud.view().addresses.get(allocationId);
    cluster.aws.cloud.disassociate(address?.association?.associationId ?? '');
    cluster.aws.cloud.release(allocationId);
  };
  return { publicIp, holder, bothOn, takeAway, giveBack };
}

function interfaceOf(cluster: LoopbackCluster, name: Name): string {
  const { interfaces } = cluster.aws.cloud.view();
  const found = [...interfaces.values()].find(({ privateIps }) => privateIps.includes(SECOND[name]));
  return found?.networkInterfaceId ?? '';
}

vi.setConfig(UNHURRIED);

describe('a group with two Elastic IPs', () => {
  clusterTest(
    'moves both, each to its own interface, and shows each in status',
    async ({ cluster, main, aux }) => {
      const second = await addSecondAddress(cluster);
      await cluster.startServing();
      await second.bothOn('main');
      expect(second.holder()?.privateIp).toBe(SECOND.main);
      await until('status to show both here', async () => {
        const [group] = (await main.status()).groups;
        const addresses = group?.resources.filter(({ type }) => type === 'elastic-ip') ?? [];
        const shown = addresses.map(({ name, state }) => `${name} ${state}`);
        return shown.join() === `${cluster.publicIp} started,${second.publicIp} started`;
      });
      await main.ended('SIGKILL');
      await second.bothOn('aux');
      await aux.says(new RegExp(`address ${cluster.publicIp},${second.publicIp} is on aux`));
      expect(second.holder()?.privateIp).toBe(SECOND.aux);
    },
  );

  clusterTest(
    'brings back the one that was moved away by hand, and leaves the other',
    async ({ cluster }) => {
      const second = await addSecondAddress(cluster);
      await cluster.startServing();
      await second.bothOn('main');
      const before = cluster.aws.journal.count({ call: 'AssociateAddress' });
      const service = await cluster.service();
      second.takeAway('aux');
      await second.bothOn('main');
      expect(cluster.aws.journal.count({ call: 'AssociateAddress' })).toBe(before + 1);
      expect((await cluster.service()).pids).toEqual(service.pids);
    },
  );

  clusterTest('takes the rest when one of them was given back', async ({ cluster, main, aux }) => {
    const second = await addSecondAddress(cluster);
    await cluster.startServing();
    await second.bothOn('main');
    second.giveBack();
    await main.says(/does not exist any more/);
    await main.ended('SIGKILL');
    await cluster.serves('aux');
    await aux.says(/does not exist any more/);
  });
});
