import { type AddressInfo, createServer, type Server } from 'node:net';
import { expect, vi } from 'vitest';
import { clusterTest, UNHURRIED } from '../support/loopback-cluster.ts';

vi.setConfig(UNHURRIED);

async function listen(): Promise<{ server: Server; endpoint: string }> {
  const server = createServer((socket) => socket.on('error', () => {}).destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, endpoint: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

// On one loopback all nodes reach the same: so each has a ping node of its own beside the one that they share.
clusterTest(
  'a leader that reaches fewer ping nodes than its peer hands over',
  async ({ cluster, main, aux }) => {
    const [shared, ofMain, ofAux] = await Promise.all([listen(), listen(), listen()]);
    try {
      main.write((file) => {
        file.ping = [{ tcp: shared.endpoint }, { tcp: ofMain.endpoint }];
      });
      aux.write((file) => {
        file.ping = [{ tcp: shared.endpoint }, { tcp: ofAux.endpoint }];
      });
      await cluster.startServing();
      const moves = cluster.moves();
      ofMain.server.close();
      await main.says('does not answer');
      await main.says('handing over to aux: this node reaches 1 of 2 ping nodes, aux 2');
      await cluster.serves('aux');
      expect(cluster.moves()).toBe(moves + 1);
    } finally {
      for (const { server } of [shared, ofMain, ofAux]) server.close();
    }
  },
);
