import { once } from 'node:events';
import { type AddressInfo, connect, createServer, Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { ForwardedFlow } from '../../../src/demo/forwarded-flow.ts';

test('a connection that the node refused while unplugged is reset only when packets pass again', async () => {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const dialled = connect((server.address() as AddressInfo).port, '127.0.0.1');
  dialled.on('error', () => {});
  const [client] = (await once(server, 'connection')) as [Socket];
  onTestFinished(() => {
    dialled.destroy();
    client.destroy();
    server.close();
  });
  let reachable = true;
  const upstream = new Socket();
  const flow = new ForwardedFlow({
    client,
    establishedMs: 1_000,
    synRetryMs: 1_000,
    holder: () => ({ node: 'main', networkInterfaceId: 'eni-1', privateIp: '127.0.0.11', reachable }),
    isReachable: () => reachable,
    connectTo: () => upstream,
    onEnd: () => {},
  });
  flow.open();
  reachable = false;
  flow.refresh();
  const closed = new Promise((resolve) => upstream.once('close', resolve));
  upstream.destroy(new Error('refused'));
  await closed;
  expect(client.destroyed).toBe(false);
  reachable = true;
  flow.refresh();
  expect(client.destroyed).toBe(true);
});
