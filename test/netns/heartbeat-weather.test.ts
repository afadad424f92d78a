import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startHeartbeatWeather } from '../support/netns/heartbeat-relay.ts';
import { inNamespace } from '../support/netns/namespace.ts';
import { describeNetns } from '../support/netns/requirements.ts';
import { createTopology, type Topology, type TopologyNode } from '../support/netns/topology.ts';
import { waitFor } from '../support/netns/wait-for.ts';

const EXCHANGE = new URL('fixtures/exchange.ts', import.meta.url).pathname;

interface Arrival {
  readonly from: string;
  readonly sequence: number;
  readonly ageMs: number;
}

describeNetns('the weather of heartbeats', () => {
  let topology: Topology;

  beforeEach(async () => {
    topology = await createTopology({ nodes: ['main', 'aux'], paths: 2 });
  });
  afterEach(() => topology.close());

  /** One end of an exchange; `reached` resolves when it has said so much. */
  const startEnd = (node: TopologyNode, peer: TopologyNode, path: 0 | 1) => {
    const line = inNamespace(
      node.namespace,
      process.execPath,
      EXCHANGE,
      node.addresses[path]!,
      peer.addresses[path]!,
    );
    const child = spawn('ip', line, { stdio: ['pipe', 'pipe', 'inherit'] });
    const closed = once(child, 'close');
    const arrivals: Arrival[] = [];
    const said = new Set<string>();
    createInterface({ input: child.stdout }).on('line', (text) => {
      if (text.startsWith('{')) arrivals.push(JSON.parse(text));
      else said.add(text);
    });
    const reached = (word: string) => waitFor(word, () => said.has(word), { withinMs: 30_000 });
    return { child, arrivals, reached, closed };
  };

  /** Both nodes send 100 numbered datagrams to each other, from and to the heartbeat port; what each received. */
  const exchange = async (path: 0 | 1): Promise<Arrival[][]> => {
    const ends = topology.nodes.map((node, index) => startEnd(node, topology.nodes[1 - index]!, path));
    for (const { reached } of ends) await reached('ready');
    for (const { child } of ends) child.stdin.write('send\n');
    for (const { reached } of ends) await reached('sent');
    // What was lost is not waited for: the last ones have several times their delay.
    await sleep(600);
    for (const { child } of ends) child.stdin.end();
    for (const { closed } of ends) await closed;
    return ends.map(({ arrivals }) => arrivals);
  };

  const outOfOrder = (arrivals: readonly Arrival[]) =>
    arrivals.filter((arrival, index) => arrival.sequence < (arrivals[index - 1]?.sequence ?? 0)).length;

  it('delays and reorders both ways, and each end sees the address and port of its peer', async () => {
    await startHeartbeatWeather(topology, { path: 0, delayMs: 40, jitterMs: 30 });
    const [atMain, atAux] = await exchange(0);
    expect(atMain).toHaveLength(100);
    expect(atAux).toHaveLength(100);
    expect(new Set(atAux!.map(({ from }) => from))).toEqual(new Set(['10.77.0.11:9694']));
    expect(new Set(atMain!.map(({ from }) => from))).toEqual(new Set(['10.77.0.12:9694']));
    expect(Math.min(...atAux!.map(({ ageMs }) => ageMs))).toBeGreaterThanOrEqual(9);
    expect(outOfOrder(atAux!)).toBeGreaterThan(10);
  });

  it('duplicates and loses one way only, on one path only, until it is cleared', async () => {
    const clear = await startHeartbeatWeather(topology, {
      from: 'main',
      to: 'aux',
      path: 1,
      duplicatePercent: 100,
    });
    const [atMain, atAux] = await exchange(1);
    expect(atAux).toHaveLength(200);
    expect(atMain).toHaveLength(100);
    expect(outOfOrder(atMain!)).toBe(0);
    await clear();
    expect((await exchange(1)).map(({ length }) => length)).toEqual([100, 100]);
  });
});
