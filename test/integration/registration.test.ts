import { describe, expect, vi } from 'vitest';
import {
  type ConfigurationDraft,
  clusterTest,
  type LoopbackCluster,
  type LoopbackNode,
  UNHURRIED,
  until,
} from '../support/loopback-cluster.ts';

/** Who a node is, its own file says; where the others are, no file does. */
function registered({ aws, nodes }: LoopbackCluster, node: LoopbackNode, name: string = node.name) {
  const { instanceId } = aws.cloud.instanceOf(node.name);
  return (file: ConfigurationDraft) => {
    file.nodes = Object.fromEntries(nodes.map((each) => [each.name, { address: 'registered' }]));
    file.nodes[name].instanceId = instanceId;
  };
}

function registerAll(cluster: LoopbackCluster): void {
  for (const node of cluster.nodes) node.write(registered(cluster, node));
}

const place = (cluster: LoopbackCluster, name: string) =>
  `/eipkeeper/${cluster.main.file.cluster}/node/${name}`;

/** What SSM holds of where a node is. */
function entry(cluster: LoopbackCluster, name: string): { instanceId: string; addresses: string[] } | null {
  const found = cluster.aws.parameters.get(place(cluster, name));
  return found === null ? null : JSON.parse(found.value);
}

async function hears(node: LoopbackNode, peer: string): Promise<void> {
  await until(`${node.name} to hear ${peer}`, async () => {
    const { nodes } = await node.status();
    return nodes.some(({ name, links }) => name === peer && links.some(({ state }) => state === 'up'));
  }).catch((error: Error) => {
    throw new Error(`${error.message}; it said:\n${node.log}`);
  });
}

vi.setConfig({ ...UNHURRIED, testTimeout: 150_000 });

describe('registered addresses', () => {
  clusterTest(
    'two nodes find each other by what each has written, also after a restart and a reload',
    async ({ cluster, main, aux }) => {
      registerAll(cluster);
      await cluster.startServing();
      await hears(main, 'aux');
      await hears(aux, 'main');
      expect(entry(cluster, 'main')).toMatchObject({
        v: 1,
        node: 'main',
        instanceId: cluster.aws.cloud.instanceOf('main').instanceId,
        addresses: [main.address],
        port: main.file.port,
      });
      expect((await main.status()).registrations).toMatchObject([
        { node: 'main', addresses: [main.address], problem: '' },
        { node: 'aux', addresses: [aux.address], port: main.file.port, problem: '' },
      ]);
      expect(await main.page()).toMatch(/Registered in SSM:\n {2}main: 127\.44\.1\.11 on i-\w+, written /);

      const { code, output } = await main.command('doctor');
      expect(output).toMatch(
        /ok +registry +main is registered at 127\.44\.1\.11, port \d+, by i-\w+, since 20/,
      );
      expect(output).toMatch(/ok +heartbeats +aux \(127\.44\.1\.12\) answers in/);
      expect(code).toBe(0);
      expect(await main.command('reload')).toMatchObject({ code: 0 });
      await hears(main, 'aux');
      await main.ended('SIGKILL');
      await until('the address on aux', async () => cluster.holder() === 'aux');
      main.start();
      await hears(main, 'aux');
      expect(main.log).not.toContain('main was registered by');
    },
  );

  clusterTest(
    'an instance with a new address takes the name once its predecessor is silent, and nobody does anything',
    async ({ cluster, main, aux }) => {
      registerAll(cluster);
      await cluster.startServing();
      await hears(main, 'aux');
      const newcomer = cluster.stranger;
      newcomer.write((file) => {
        registered(cluster, newcomer, 'aux')(file);
        // Else the lock of this machine would refuse it before anybody is asked.
        file.cluster = `${main.file.cluster}-elsewhere`;
        file.witness = { ssm: { prefix: `/eipkeeper/${main.file.cluster}` } };
      });

      // While the incumbent is heard, the newcomer is refused and the entry stays.
      const { code, output } = await newcomer.startRefused();
      expect(output).toContain('aux is registered by');
      expect(output).toContain('lives and is aux already');
      expect(code).toBe(78);
      expect(entry(cluster, 'aux')?.addresses).toEqual([aux.address]);

      const before = await cluster.service();
      await aux.ended('SIGKILL');
      newcomer.start();
      await newcomer.says(/aux was registered by i-\w+, and is i-\w+ now/);
      expect(entry(cluster, 'aux')?.addresses).toEqual([newcomer.address]);
      await main.says(`aux is registered at ${newcomer.address}`);
      await hears(main, 'aux');
      await until('the newcomer to be able to lead', async () => {
        const [group] = (await main.status()).groups;
        return group?.candidates.some(({ node, eligible }) => node === 'aux' && eligible) ?? false;
      });
      expect(await cluster.service()).toEqual(before);
      await main.ended('SIGKILL');
      await until('the address on the new instance', async () => cluster.holder() === 'stranger');
    },
  );

  clusterTest(
    'a start without SSM waits and says so, or goes on with what was known last',
    async ({ cluster, main, aux }) => {
      registerAll(cluster);
      const away = cluster.aws.faults.inject({ service: 'ssm', fault: { kind: 'http', status: 503 } });
      main.start();
      await main.says('waits: where aux is, is not known yet, and nothing is started meanwhile');
      expect(main.log).not.toContain('main runs');
      away();
      aux.start();
      await main.says('main runs');
      await hears(main, 'aux');
      await until('the address somewhere', async () => cluster.holder() !== '');

      const [leader, other] = cluster.holder() === 'main' ? [main, aux] : [aux, main];
      await other.ended('SIGKILL');
      other.log = '';
      const awayAgain = cluster.aws.faults.inject({ service: 'ssm', fault: { kind: 'http', status: 503 } });
      other.start();
      await other.says('it goes on with what was known last');
      await hears(other, leader.name);
      awayAgain();
      expect(cluster.holder()).toBe(leader.name);
    },
  );

  clusterTest(
    'a node that may not register serves, and says which permission it lacks; forget and destroy remove entries',
    async ({ cluster, main, aux }) => {
      registerAll(cluster);
      await cluster.startServing();
      await hears(main, 'aux');
      const error = { kind: 'error', code: 'AccessDeniedException', status: 400 } as const;
      await aux.ended('SIGKILL');
      await main.says('aux has been silent');
      expect(await main.command('forget', 'aux')).toMatchObject({ code: 0 });
      expect(entry(cluster, 'aux')).toBeNull();
      aux.log = '';
      const restore = cluster.aws.faults.inject({ node: 'aux', call: 'PutParameter', fault: error });
      aux.start();
      await aux.says('the role needs ssm:PutParameter on the parameters of node/');
      // It is where it was, so main hears it all the same and takes it in again.
      await hears(main, 'aux');
      await until('its status', async () => (await aux.status()).registrations.length === 2);
      expect((await aux.status()).registrations).toMatchObject([
        { node: 'main', problem: '' },
        { node: 'aux', addresses: [], problem: expect.stringContaining('could not be registered') },
      ]);
      restore();
      await aux.says('aux is registered at');
      expect(entry(cluster, 'aux')?.addresses).toEqual([aux.address]);
      await Promise.all([main.ended('SIGKILL'), aux.ended('SIGKILL')]);
      // Nobody listens where aux is registered, so it is known that nothing runs there.
      const { code, output } = await main.command('destroy', '--yes');
      expect(output).toContain(place(cluster, 'main'));
      expect(code).toBe(0);
      expect(entry(cluster, 'main')).toBeNull();
      expect(entry(cluster, 'aux')).toBeNull();
    },
  );
});
