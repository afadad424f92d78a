import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LoopbackCluster, UNHURRIED, until } from '../../support/loopback-cluster.ts';

vi.setConfig(UNHURRIED);

const FLOOD_MS = 2_000;

describe('what comes over the network from somebody who does not belong', () => {
  let cluster: LoopbackCluster;
  beforeEach(async () => {
    cluster = new LoopbackCluster();
    await cluster.start();
  });
  afterEach(() => cluster.close());

  it('as a node with another key moves nothing, and both nodes say what is wrong in log and status', async () => {
    const { main, aux } = cluster;
    main.start();
    await cluster.serves('main');
    const serving = await cluster.service();
    const otherKey = join(cluster.dir, 'other-key');
    writeFileSync(otherKey, 'cd'.repeat(32), { mode: 0o600 });
    aux.write((file) => {
      file.key = { file: otherKey };
    });
    aux.start();
    for (const node of cluster.nodes) {
      await node.says('signed with a key that this node does not have');
      const { output } = await node.command('status');
      expect(output).toContain('what comes from there is signed with another key');
    }
    // It wants to lead, and every time the leader is there first.
    const terms = () => cluster.aws.journal.count({ call: 'PutParameter', node: 'main', result: 'ok' });
    const before = terms();
    await until('main to have defended itself', async () => terms() > before + 1);
    // The other got its program ready, as for any silence; nothing else.
    expect(await cluster.service()).toEqual({ holder: 'main', moves: 1, pids: serving.pids });
    expect(aux.log).not.toContain('leader aux');
  });

  it('as a second instance of a name that lives is refused, and the one that lives goes on', async () => {
    const { main, aux, stranger } = cluster;
    await cluster.startServing();
    const serving = await cluster.service();
    stranger.write((file) => {
      const { instanceId } = cluster.aws.cloud.instanceOf('stranger');
      file.nodes.main = { address: stranger.address, instanceId };
      // Else the lock of this machine would refuse it before anybody is asked.
      file.cluster = `${main.file.cluster}-elsewhere`;
      file.witness = { ssm: { prefix: `/eipkeeper/${main.file.cluster}` } };
    });
    const { code, output } = await stranger.startRefused();
    expect(output).toMatch(
      /the instance i-\w+ lives and is main already; this one stops and changes nothing/,
    );
    expect(code).toBe(78);
    await aux.says('A second instance asked to be a node that lives');
    expect(await cluster.service()).toEqual(serving);
  });

  it('as garbage at full speed does not move anything', async () => {
    const { main, aux } = cluster;
    await cluster.startServing();
    const serving = await cluster.service();
    const socket = createSocket('udp4').unref();
    const payloads = [
      randomBytes(1400),
      randomBytes(1),
      Buffer.alloc(0),
      Buffer.concat([Buffer.from('EIPK'), randomBytes(200)]),
    ];
    let sent = 0;
    for (const endMs = performance.now() + FLOOD_MS; performance.now() < endMs; ) {
      for (let index = 0; index < 200; index += 1, sent += 1) {
        const payload = payloads[index % payloads.length];
        if (payload !== undefined) socket.send(payload, main.file.port, main.address, () => {});
      }
      await nextTurn();
    }
    socket.close();
    expect(sent).toBeGreaterThan(1_000);
    const { groups, nodes } = await main.status();
    expect(groups[0]).toMatchObject({ leader: 'main', role: 'leading', authority: { held: true } });
    expect(nodes.map(({ state }) => state)).toEqual(['online', 'online']);
    expect(await cluster.service()).toEqual(serving);
    expect(aux.log).not.toContain('leader aux');
    // A line a reason and minute, however much comes.
    expect(main.log.split('\n').length).toBeLessThan(40);
  });
});
