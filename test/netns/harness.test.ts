import { afterEach, beforeEach, expect, it } from 'vitest';
import { useLocalStack } from '../support/localstack.ts';
import type { Client } from '../support/netns/client.ts';
import { type Cluster, startCluster } from '../support/netns/cluster.ts';
import { monotonicMs } from '../support/netns/monotonic.ts';
import { describeNetns } from '../support/netns/requirements.ts';
import { waitFor } from '../support/netns/wait-for.ts';

const TAKE_ADDRESS = new URL('fixtures/take-address.ts', import.meta.url).pathname;

describeNetns('the test network, without the daemon', () => {
  const localstack = useLocalStack();
  let cluster: Cluster;
  let client: Client;

  beforeEach(async (context) => {
    localstack.skipIfMissing(context);
    cluster = await startCluster({ endpoint: localstack.endpoint, paths: 2 });
    for (const node of cluster.nodes) await node.startNginx();
    await cluster.placeAddress('main');
    client = await cluster.startClient();
    await client.waitForAnswerBy('node_1', { withinMs: 15_000 });
  }, 120_000);

  afterEach(() => cluster?.close(), 120_000);

  const takeAddress = async (node: string, ...flags: string[]) => {
    const line = [process.execPath, TAKE_ADDRESS, cluster.account.allocationId, ...flags];
    return JSON.parse(await cluster.node(node).run(line)) as { interface: string; outcome: string };
  };

  it('moves the client to node_2 without a failed request when node_2 takes the address', async () => {
    const sinceMs = monotonicMs();
    const taken = await takeAddress('aux');
    await client.waitForAnswerBy('node_2', { withinMs: 15_000 });
    const seen = await client.availabilitySince(sinceMs);

    expect(taken).toEqual({ interface: cluster.node('aux').networkInterfaceId, outcome: 'associated' });
    expect(seen).toMatchObject({ failed: 0, failures: {} });
    expect(Object.keys(seen.byWhom)).toEqual(['node_1', 'node_2']);
    const call = cluster.api.calls.find((made) => made.call === 'AssociateAddress');
    expect(call).toMatchObject({ node: 'aux', status: 200 });
  });

  it('refuses a taken address to who does not allow reassociation', async () => {
    const { outcome } = await takeAddress('aux', 'false');
    expect(outcome).toBe('Resource.AlreadyAssociated');
    expect(cluster.address.holder).toBe(cluster.node('main').networkInterfaceId);
  });

  it('loses requests, silently, while the holder is cut off, and serves them again after the address moved', async () => {
    await cluster.cut('main');
    const cutMs = monotonicMs();
    await waitFor(
      'failures',
      () => client.results.filter(({ failure }) => failure === 'timeout').length > 5,
      {
        withinMs: 15_000,
      },
    );
    const carrier = await cluster.node('main').run(['cat', '/sys/class/net/eth0/carrier']);
    await cluster.placeAddress('aux');
    await client.waitForAnswerBy('node_2', { withinMs: 15_000 });
    const seen = await client.availabilitySince(cutMs);

    expect(carrier.trim()).toBe('1');
    // Half-open connections follow the address to a node that does not know them. Nobody says "unreachable".
    const { timeout, ECONNRESET: _reset, ...otherwise } = seen.failures;
    expect(timeout).toBeGreaterThan(5);
    expect(otherwise).toEqual({});
    expect(seen.longestGapMs).toBeGreaterThan(1_000);
    await cluster.mend('main');
    await cluster.placeAddress('main');
    await client.waitForAnswerBy('node_1', { withinMs: 15_000 });
  });

  it('refuses connections when everything on the holder was killed', async () => {
    await cluster.node('main').killEverything();
    await waitFor('refusals', () => client.results.some(({ failure }) => failure === 'ECONNREFUSED'), {
      withinMs: 15_000,
    });
    expect(await cluster.node('main').processes()).toEqual([]);
    expect(await cluster.node('aux').processes()).not.toEqual([]);
  });

  it('takes an effect and loses the answer', async () => {
    cluster.api.inject({ kind: 'lose-answer', node: 'aux', call: 'AssociateAddress', times: 1 });
    const { outcome } = await takeAddress('aux', 'true');
    await client.waitForAnswerBy('node_2', { withinMs: 15_000 });
    expect(outcome).not.toBe('associated');
    expect(cluster.address.holder).toBe(cluster.node('aux').networkInterfaceId);
  });

  it('refuses calls while the API is down, and only those of the node named', async () => {
    const heal = cluster.api.inject({ kind: 'unavailable', node: 'aux' });
    const refused = await takeAddress('aux', 'true');
    heal();
    const taken = await takeAddress('aux', 'true');
    expect(refused.outcome).toBe('Unavailable');
    expect(taken.outcome).toBe('associated');
  });
});
