import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { CloudState } from '../../../src/demo/emulator/cloud-state.ts';
import { Forwarder, type ForwarderOptions } from '../../../src/demo/forwarder.ts';

const PUBLIC_IP = '203.0.113.10';
const NODES = { main: '127.0.0.11', aux: '127.0.0.12' } as const;
/** Long enough that what would have come over loopback has come. */
const SILENCE_MS = 80;

/** An Elastic IP, two nodes with a service that prefixes what it hears with its node's name, and a forwarder. */
async function startWorld(options: Partial<ForwarderOptions> = {}) {
  const cloud = new CloudState(Date.now);
  for (const [name, privateIp] of Object.entries(NODES)) cloud.addNode({ name, privateIp });
  const { allocationId } = cloud.allocate({ publicIp: PUBLIC_IP });
  const main = await startService('main', 0);
  const targetPort = (main.server.address() as AddressInfo).port;
  const services = { main, aux: await startService('aux', targetPort) };
  const forwarder = new Forwarder({ cloud, publicIp: PUBLIC_IP, targetPort, ...options });
  onTestFinished(() => forwarder.close());
  const port = await forwarder.start();
  const moveTo = (node: string) =>
    cloud.associate({ allocationId, networkInterfaceId: cloud.interfaceOf(node).networkInterfaceId });
  return { cloud, services, moveTo, dial: () => dial(port) };
}

/** A connection to main that has carried its first bytes; from then on the forwarder's timers are the test's. */
async function startEstablished(options: Partial<ForwarderOptions>) {
  const { moveTo, dial, services } = await startWorld(options);
  moveTo('main');
  const client = dial();
  client.say('one');
  await client.hears();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  return { moveTo, client, services, pass: (byMs: number) => vi.advanceTimersByTime(byMs) };
}

async function startService(name: keyof typeof NODES, port: number) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (data) => socket.write(`${name}:${data}`));
  });
  server.listen(port, NODES[name]);
  await once(server, 'listening');
  const stop = () => stopService(server, sockets);
  onTestFinished(stop);
  return { server, sockets, stop };
}

async function stopService(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  for (const socket of sockets) socket.destroy();
  if (!server.listening) return;
  server.close();
  await once(server, 'close');
}

function dial(port: number) {
  const socket = connect(port, '127.0.0.1');
  let heard = '';
  let error = '';
  socket.on('data', (data) => {
    heard += data;
  });
  socket.on('error', (failure: NodeJS.ErrnoException) => {
    error = failure.code ?? '';
  });
  onTestFinished(() => {
    socket.destroy();
  });
  return {
    socket,
    say: (text: string) => socket.write(text),
    /** Everything heard so far, cleared; waits until something is there. */
    hears: async () => {
      while (heard === '') await once(socket, 'data');
      const text = heard;
      heard = '';
      return text;
    },
    isSilent: async () => {
      await sleep(SILENCE_MS);
      return heard === '' && !socket.destroyed && !socket.readableEnded;
    },
    ends: async () => {
      if (!socket.closed) await once(socket, 'close').catch(() => {});
      return error;
    },
  };
}

test('a new connection goes to whoever has the address', async () => {
  const { moveTo, dial } = await startWorld();
  for (const node of ['main', 'aux']) {
    moveTo(node);
    const client = dial();
    client.say('hello');
    expect(await client.hears()).toBe(`${node}:hello`);
  }
});

test('nothing answers while nobody has the address, and a later SYN is let through', async () => {
  const { moveTo, dial } = await startWorld({ synRetryMs: 150 });
  const client = dial();
  client.say('hello');
  expect(await client.isSilent()).toBe(true);
  moveTo('aux');
  expect(await client.hears()).toBe('aux:hello');
});

test('a dead machine sends no reset: its address is silent until it has moved', async () => {
  const { cloud, services, moveTo, dial } = await startWorld({ synRetryMs: 150 });
  moveTo('main');
  cloud.setInstanceState('main', 'stopped');
  await services.main.stop();
  const client = dial();
  client.say('hello');
  expect(await client.isSilent()).toBe(true);
  moveTo('aux');
  expect(await client.hears()).toBe('aux:hello');
});

test('a living machine without the service resets', async () => {
  const { services, moveTo, dial } = await startWorld();
  moveTo('main');
  await services.main.stop();
  expect(await dial().ends()).toBe('ECONNRESET');
});

test('the established connections of an unplugged node stand still and go on when it is plugged in', async () => {
  const { cloud, moveTo, dial } = await startWorld();
  moveTo('main');
  const client = dial();
  client.say('one');
  expect(await client.hears()).toBe('main:one');
  cloud.unplug('main');
  client.say('two');
  expect(await client.isSilent()).toBe(true);
  cloud.plugIn('main');
  expect(await client.hears()).toBe('main:two');
});

test('a process killed on an unplugged node resets its connections only when the node is back', async () => {
  const { cloud, services, moveTo, dial } = await startWorld();
  moveTo('main');
  const client = dial();
  client.say('one');
  await client.hears();
  cloud.unplug('main');
  await services.main.stop();
  expect(await client.isSilent()).toBe(true);
  cloud.plugIn('main');
  client.say('two');
  await client.ends();
  expect(client.socket.closed).toBe(true);
});

test('an established connection outlives a move for a while, then the new holder resets it', async () => {
  const { moveTo, client, pass } = await startEstablished({ establishedMs: 1_000 });
  moveTo('aux');
  pass(999);
  client.say('two');
  expect(await client.hears()).toBe('main:two');
  pass(1);
  expect(await client.isSilent()).toBe(true);
  client.say('three');
  expect(await client.ends()).toBe('ECONNRESET');
});

test('an address that comes back in time, and leaves again, grants the whole while again', async () => {
  const { moveTo, client, pass } = await startEstablished({ establishedMs: 1_000 });
  moveTo('aux');
  pass(900);
  moveTo('main');
  moveTo('aux');
  pass(900);
  client.say('two');
  expect(await client.hears()).toBe('main:two');
});

test('the end of either side reaches the other', async () => {
  const { services, moveTo, dial } = await startWorld();
  moveTo('main');
  const client = dial();
  client.say('one');
  await client.hears();
  const [served] = services.main.sockets;
  const ended = once(served as Socket, 'close');
  client.socket.end();
  await ended;
  expect(await client.ends()).toBe('');
});
