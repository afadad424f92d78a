import { describe, expect, vi } from 'vitest';
import type { FaultRule } from '../../../src/demo/emulator/faults.ts';
import { clusterTest, type LoopbackCluster, UNHURRIED, until } from '../../support/loopback-cluster.ts';

vi.setConfig(UNHURRIED);

const inject = ({ aws }: LoopbackCluster, rule: FaultRule) => aws.faults.inject(rule);
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe.concurrent('an AWS that fails while a service runs', () => {
  const it = clusterTest.extend<{ serving: Awaited<ReturnType<LoopbackCluster['service']>> }>({
    serving: async ({ cluster }, use) => {
      await cluster.startServing();
      await use(await cluster.service());
    },
  });

  it('and is gone altogether takes nothing down, is said, and lets nobody switch over', async ({
    cluster,
    main,
    aux,
    serving,
  }) => {
    await cluster.aws.close();
    await main.says('the witness does not answer: SSM');
    const { output } = await main.command('status');
    expect(output).toMatch(/witness DOWN .*ECONNREFUSED/);
    const refused = await main.command('switchover', '--to', 'aux');
    expect(refused.output).toContain('web was not moved to aux: the witness (SSM) does not answer');
    expect(refused.code).toBe(106);
    const forced = await main.command('failover', '--to', 'aux', '--force', '--timeout', '1500ms');
    expect([106, 124]).toContain(forced.code);
    expect(await main.servicePids()).toEqual(serving.pids);
    expect((await main.status()).groups[0]).toMatchObject({ leader: 'main', role: 'leading' });
    expect(main.runs && aux.runs).toBe(true);
  });

  it('and denies the witness its writes alone: a switchover is refused or taken back, the leader serves', async ({
    cluster,
    main,
    aux,
    serving,
  }) => {
    inject(cluster, {
      call: 'PutParameter',
      fault: { kind: 'error', code: 'AccessDeniedException', status: 400 },
    });
    const refused = await main.command('switchover', '--to', 'aux', '--timeout', '8s');
    expect(refused.code).not.toBe(0);
    expect(refused.output).toMatch(/web was not moved to aux: /);
    expect(`${main.log}${aux.log}`).toContain('AccessDenied');
    expect(await cluster.service()).toMatchObject({ holder: 'main', moves: serving.moves });
    expect(await main.servicePids()).toEqual(serving.pids);
    cluster.aws.faults.clear();
    await until('one leader, where the address is', async () => {
      const [group] = (await main.status()).groups;
      return group?.leader === cluster.holder() && group.handover === null && group.role !== 'yielding';
    });
  });

  it('and throttles everything for a while: nothing moves, and what is called is bounded', async ({
    cluster,
    main,
    serving,
  }) => {
    const since = Date.now();
    const heal = inject(cluster, { fault: { kind: 'error', code: 'ThrottlingException', status: 400 } });
    await sleep(10_000);
    heal();
    expect(cluster.aws.journal.count({ sinceMs: since })).toBeLessThan(60);
    expect(await cluster.service()).toEqual(serving);
    expect((await main.status()).groups[0]).toMatchObject({ leader: 'main', role: 'leading' });
    await until('the witness to be up', async () => (await main.status()).witness.state !== 'down');
  });

  it('and hangs at EC2: the leader serves on, and a switchover ends with one leader that serves', async ({
    cluster,
    main,
    serving,
  }) => {
    expect(serving.holder).toBe('main');
    inject(cluster, { service: 'ec2', fault: { kind: 'hang', applied: false } });
    const { code, output } = await main.command('switchover', '--to', 'aux', '--timeout', '5s');
    expect(code).not.toBe(0);
    expect(output).toMatch(/web was not moved to aux: /);
    cluster.aws.faults.clear();
    await until('one leader', async () => {
      const [group] = (await main.status()).groups;
      return group?.leader === cluster.holder() && group?.handover === null;
    });
    expect((await Promise.all(cluster.nodes.map((node) => node.servicePids()))).flat()).not.toEqual([]);
  });

  it('and its metadata service goes away changes nothing while credentials last', async ({
    cluster,
    main,
    aux,
    serving,
  }) => {
    expect(serving.holder).toBe('main');
    for (const { name } of cluster.nodes) cluster.aws.metadataOf(name).setMode('hang');
    expect((await main.command('switchover', '--to', 'aux')).code).toBe(0);
    expect(cluster.holder()).toBe('aux');
    expect(main.runs && aux.runs).toBe(true);
  });
});

describe.concurrent('an address that was released', () => {
  const it = clusterTest;

  it('while it was held is an alarm, and no loop of calls', async ({ cluster, main }) => {
    main.start();
    await cluster.serves('main');
    const { associationId } = [...cluster.aws.cloud.view().addresses.values()][0]?.association ?? {};
    cluster.aws.cloud.disassociate(associationId ?? '');
    cluster.aws.cloud.release(cluster.allocationId);
    const since = Date.now();
    await main.says(/address .*(InvalidAllocationID\.NotFound|does not exist)/);
    await sleep(5_000);
    expect(cluster.aws.journal.count({ sinceMs: since, service: 'ec2' })).toBeLessThan(12);
    expect(await main.servicePids()).toHaveLength(1);
    expect((await main.command('status')).output).toMatch(/the address: .*(NotFound|does not exist)/);
  });

  it('before the start is said, and nothing is taken for it', async ({ cluster, main }) => {
    cluster.aws.cloud.release(cluster.allocationId);
    const since = Date.now();
    main.start();
    await main.says(/address .*(InvalidAllocationID\.NotFound|does not exist)/);
    await sleep(3_000);
    expect(cluster.aws.journal.count({ sinceMs: since, call: 'AssociateAddress' })).toBeLessThan(5);
    expect((await main.command('status')).output).toMatch(/the address: .*(NotFound|does not exist)/);
  });
});

describe.concurrent('a permission that is missing on the standby', () => {
  const it = clusterTest;

  it('to move the address: the switchover ends with the address on a node that serves, and says why', async ({
    cluster,
    main,
    aux,
  }) => {
    await cluster.startServing();
    inject(cluster, {
      node: 'aux',
      call: 'AssociateAddress',
      fault: { kind: 'error', code: 'UnauthorizedOperation', status: 403 },
    });
    const since = Date.now();
    const { code, output } = await main.command('switchover', '--to', 'aux', '--timeout', '4s');
    expect(code).toBe(124);
    expect(output).toContain('web was not moved to aux');
    await aux.says(/address .*UnauthorizedOperation.*check the policy of the instance's role/);
    expect((await aux.command('status')).output).toContain('UnauthorizedOperation');
    // Where the address is, the program runs.
    expect(cluster.holder()).toBe('main');
    expect(await main.servicePids()).toHaveLength(1);
    await until('the address and leadership in one place', async () => {
      const [group] = (await main.status()).groups;
      return group?.leader === 'main' && group.role === 'leading';
    });
    expect(cluster.aws.journal.count({ sinceMs: since, call: 'AssociateAddress' })).toBeLessThan(40);
  });

  it('to see the address: it is not eligible, and says so on both nodes', async ({ cluster, main, aux }) => {
    inject(cluster, {
      node: 'aux',
      call: 'DescribeAddresses',
      fault: { kind: 'error', code: 'UnauthorizedOperation', status: 403 },
    });
    main.start();
    await main.says('main runs');
    aux.start();
    await cluster.serves('main');
    await aux.says(/UnauthorizedOperation.*check the policy of the instance's role/);
    const isOut = async () => (await main.page()).includes('aux could not lead');
    await until('main to know that aux could not lead', isOut);
    const refused = await main.command('switchover', '--to', 'aux');
    expect(refused.output).toContain('aux could not lead web now');
    expect(refused.code).toBe(107);
  });
});

describe.concurrent('credentials that end', () => {
  const it = clusterTest.extend({ settings: { emulator: { credentialsLifetimeMs: 9_000 } } });

  it('and are not renewed make the node ineligible in words, and the leader goes on serving', async ({
    cluster,
    aux,
  }) => {
    await cluster.startServing();
    const serving = await cluster.service();
    for (const { name } of cluster.nodes) cluster.aws.metadataOf(name).setMode('unavailable');
    for (const node of cluster.nodes) await node.says('see that the metadata service answers');
    await until('aux not to be eligible', async () => (await aux.page()).includes('aux could not lead'));
    expect(await cluster.service()).toEqual(serving);
    for (const { name } of cluster.nodes) cluster.aws.metadataOf(name).setMode('serve');
    await until('aux to be eligible again', async () => !(await aux.page()).includes('aux could not lead'));
    expect(await cluster.service()).toEqual(serving);
  });
});
