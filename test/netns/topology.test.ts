import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access } from 'node:fs/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { command } from '../support/netns/command.ts';
import { inNamespace, namespaceExists } from '../support/netns/namespace.ts';
import { createPathFaults, type PathFaults } from '../support/netns/path-faults.ts';
import { describeNetns } from '../support/netns/requirements.ts';
import { removeOrphans } from '../support/netns/run-record.ts';
import { createTopology, type Topology } from '../support/netns/topology.ts';

const ORPHAN = new URL('fixtures/leave-an-orphan.ts', import.meta.url).pathname;
const DATAGRAMS = new URL('fixtures/datagrams.ts', import.meta.url).pathname;

describeNetns('the network of namespaces', () => {
  let topology: Topology;
  let faults: PathFaults;

  beforeEach(async () => {
    topology = await createTopology({ nodes: ['main', 'aux'], paths: 2 });
    faults = createPathFaults(topology);
  });
  afterEach(() => topology.close());

  /** How many of 200 datagrams from one node arrive at the other. */
  const arrivals = async (options: { from: number; to: number; path: 0 | 1; port?: number }) => {
    const from = topology.nodes[options.from]!;
    const to = topology.nodes[options.to]!;
    const port = options.port ?? 9694;
    const target = to.addresses[options.path]!;
    const receive = [process.execPath, DATAGRAMS, 'receive', target, String(port)];
    const receiver = spawn('ip', inNamespace(to.namespace, ...receive), {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(receiver.stdout, 'data');
    const send = [process.execPath, DATAGRAMS, 'send', target, String(port)];
    await command('ip', inNamespace(from.namespace, ...send));
    const answer = once(receiver.stdout, 'data');
    receiver.stdin.end();
    return Number(String((await answer)[0]));
  };

  it('leaves no namespace, folder, rule or process behind', async () => {
    const names = [
      topology.vpc,
      topology.router,
      topology.client,
      ...topology.nodes.map((node) => node.namespace),
    ];
    const child = spawn('ip', inNamespace(topology.nodes[0]!.namespace, 'sleep', '600'), { stdio: 'ignore' });
    await once(child, 'spawn');
    await topology.close();
    await topology.close();

    expect(await Promise.all(names.map(namespaceExists))).toEqual(names.map(() => false));
    await expect(access(topology.directory)).rejects.toThrow('ENOENT');
    if (child.signalCode === null) await once(child, 'exit');
    expect(child.signalCode).toBe('SIGKILL');
  });

  it('removes what a killed run left, and nothing of a run that lives', async () => {
    const orphan = spawn(process.execPath, [ORPHAN], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [text] = await once(orphan.stdout, 'data');
    const { vpc, id } = JSON.parse(String(text)) as { vpc: string; id: string };
    orphan.kill('SIGKILL');
    await once(orphan, 'exit');
    expect(await namespaceExists(vpc)).toBe(true);

    expect(await removeOrphans()).toContain(id);
    expect(await namespaceExists(vpc)).toBe(false);
    expect(await namespaceExists(topology.vpc)).toBe(true);
  });

  it('cuts one path of one node, which keeps its carrier, and mends it', async () => {
    await faults.cut('main', 1);
    expect(await arrivals({ from: 0, to: 1, path: 1 })).toBe(0);
    expect(await arrivals({ from: 0, to: 1, path: 0 })).toBe(200);
    const carrier = await command(
      'ip',
      inNamespace(topology.nodes[0]!.namespace, 'cat', '/sys/class/net/eth1/carrier'),
    );
    expect(carrier.trim()).toBe('1');
    await faults.mend('main', 1);
    expect(await arrivals({ from: 0, to: 1, path: 1 })).toBe(200);
  });

  it('drops heartbeats one way and nothing else', async () => {
    const heal = await faults.inject({ from: 'main', to: 'aux', heartbeatsOnly: true, lossPercent: 100 });
    expect(await arrivals({ from: 0, to: 1, path: 0 })).toBe(0);
    expect(await arrivals({ from: 0, to: 1, path: 0, port: 9000 })).toBe(200);
    expect(await arrivals({ from: 1, to: 0, path: 0 })).toBe(200);
    await heal();
    expect(await arrivals({ from: 0, to: 1, path: 0 })).toBe(200);
  });

  it('loses about as many as it was told, on the path it was told', async () => {
    await faults.inject({ path: 1, lossPercent: 40 });
    const arrived = await arrivals({ from: 0, to: 1, path: 1 });
    expect(arrived).toBeGreaterThan(70);
    expect(arrived).toBeLessThan(170);
    expect(await arrivals({ from: 0, to: 1, path: 0 })).toBe(200);
  });
});
