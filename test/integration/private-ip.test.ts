import { describe, expect, vi } from 'vitest';
import { clusterTest, type LoopbackCluster, UNHURRIED, until } from '../support/loopback-cluster.ts';

vi.setConfig(UNHURRIED);

const ADDRESS = '127.44.1.50';
type Name = 'main' | 'aux';

/** Beside the Elastic IP of the group, or instead of it. */
function addPrivateIp(cluster: LoopbackCluster, alone: boolean): void {
  for (const node of cluster.nodes) {
    node.write(({ groups }) => {
      const others = groups.web.resources.filter((resource: object) => !alone || !('elastic-ip' in resource));
      groups.web.resources = [...others, { 'private-ip': { address: ADDRESS } }];
    });
  }
}

const addressesOf = (cluster: LoopbackCluster, name: Name) => cluster.aws.cloud.interfaceOf(name).privateIps;
const isOn = (cluster: LoopbackCluster, name: Name) =>
  until(`${ADDRESS} on ${name}`, async () => addressesOf(cluster, name).includes(ADDRESS));

describe('a private address that moves', () => {
  clusterTest('is enough for a group, and follows its leader', async ({ cluster, main, aux }) => {
    addPrivateIp(cluster, true);
    main.start();
    await isOn(cluster, 'main');
    aux.start();
    await aux.says('leader main');
    await main.says(`address ${ADDRESS} is on main`);
    const { code } = await main.command('failover', '--to', 'aux');
    expect(code).toBe(0);
    await isOn(cluster, 'aux');
    expect(addressesOf(cluster, 'main')).toEqual(['127.44.1.11']);
    await aux.ended('SIGKILL');
    await isOn(cluster, 'main');
    expect(addressesOf(cluster, 'aux')).toEqual(['127.44.1.12']);
    const [group] = (await main.status()).groups;
    const shown = group?.resources.find(({ type }) => type === 'private-ip');
    expect(shown).toMatchObject({ name: ADDRESS, state: 'started' });
  });

  clusterTest('moves together with an Elastic IP, and is restored by itself', async ({ cluster, main }) => {
    addPrivateIp(cluster, false);
    await cluster.startServing();
    await isOn(cluster, 'main');
    const moves = cluster.moves();
    const { networkInterfaceId } = cluster.aws.cloud.interfaceOf('aux');
    const taken = { networkInterfaceId, privateIps: [ADDRESS], allowReassignment: true };
    cluster.aws.cloud.assignPrivateIps(taken);
    await isOn(cluster, 'main');
    expect(cluster.moves()).toBe(moves);
    await main.ended('SIGKILL');
    await cluster.serves('aux');
    await isOn(cluster, 'aux');
  });
});
