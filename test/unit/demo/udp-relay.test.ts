import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { UdpRelay, type UdpRelayOptions } from '../../../src/demo/udp-relay.ts';

interface Daemon {
  readonly socket: Socket;
  readonly heard: { text: string; from: { address: string; port: number } }[];
  readonly say: (text: string) => Promise<void>;
}

async function listen(address: string): Promise<Socket> {
  const socket = createSocket('udp4');
  onTestFinished(() => {
    socket.close();
  });
  socket.bind(0, address);
  await once(socket, 'listening');
  return socket;
}

/** Two sockets that know each other only by the stand-in addresses of a relay. */
async function startPair(options: Partial<UdpRelayOptions> = {}) {
  const sockets = { main: await listen('127.0.0.11'), aux: await listen('127.0.0.12') };
  const end = (node: keyof typeof sockets) => {
    const { address, port } = sockets[node].address();
    return { node, address, port };
  };
  const relay = new UdpRelay({ ends: [end('main'), end('aux')], ...options });
  onTestFinished(() => relay.close());
  await relay.start();
  const daemon = (node: keyof typeof sockets, peer: keyof typeof sockets): Daemon => {
    const socket = sockets[node];
    const heard: Daemon['heard'] = [];
    socket.on('message', (text, { address, port }) =>
      heard.push({ text: String(text), from: { address, port } }),
    );
    const { address, port } = relay.standInOf(peer);
    const send = (text: string) =>
      new Promise<void>((done) => socket.send(text, port, address, () => done()));
    return { socket, heard, say: send };
  };
  return { relay, main: daemon('main', 'aux'), aux: daemon('aux', 'main') };
}

async function hears({ socket, heard }: Daemon) {
  while (heard.length === 0) await once(socket, 'message');
  return heard.splice(0);
}

test('each daemon hears the other from the address under which it knows it', async () => {
  const { relay, main, aux } = await startPair();
  await main.say('from main');
  expect(await hears(aux)).toEqual([{ text: 'from main', from: relay.standInOf('main') }]);
  await aux.say('from aux');
  expect(await hears(main)).toEqual([{ text: 'from aux', from: relay.standInOf('aux') }]);
});

test('a cut one way drops that way only, until it is mended', async () => {
  const { relay, main, aux } = await startPair();
  relay.cut('main');
  await main.say('lost');
  await aux.say('heard');
  expect((await hears(main)).map(({ text }) => text)).toEqual(['heard']);
  await sleep(30);
  expect(aux.heard).toEqual([]);
  expect(relay.countsOf('main')).toEqual({ forwarded: 0, dropped: 1 });
  relay.mend();
  await main.say('back');
  expect((await hears(aux)).map(({ text }) => text)).toEqual(['back']);
});

test('a cut both ways, and an unplugged node, drop everything', async () => {
  let pluggedIn = true;
  const { relay, main, aux } = await startPair({ isPluggedIn: (node) => node !== 'aux' || pluggedIn });
  relay.cut();
  await Promise.all([main.say('lost'), aux.say('lost')]);
  await sleep(30);
  relay.mend();
  pluggedIn = false;
  await Promise.all([main.say('lost'), aux.say('lost')]);
  await sleep(30);
  expect([...main.heard, ...aux.heard]).toEqual([]);
  expect(relay.countsOf('aux')).toEqual({ forwarded: 0, dropped: 2 });
});

test('a cut that names nobody it knows is refused', async () => {
  const { relay } = await startPair();
  expect(() => relay.cut('nobody')).toThrow('no end nobody');
});
