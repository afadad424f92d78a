import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the range that Linux takes for outgoing connections, or one of those could take the port meanwhile. */
const LOWEST = 12_000;
const HIGHEST = 30_000;
const ATTEMPTS_MAX = 50;

/** A port that is free on every one of the addresses, for TCP and for UDP. */
export async function freePort(addresses: readonly string[]): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    const free = await Promise.all(addresses.flatMap((address) => [tcp(address, port), udp(address, port)]));
    if (free.every(Boolean)) return port;
  }
  throw new Error(
    `no port between ${LOWEST} and ${HIGHEST} is free on ${addresses.join(' and ')}: are these addresses of this machine?`,
  );
}

async function tcp(address: string, port: number): Promise<boolean> {
  const server = createServer().listen(port, address);
  const free = await once(server, 'listening').then(
    () => true,
    () => false,
  );
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return free;
}

async function udp(address: string, port: number): Promise<boolean> {
  const socket = createSocket('udp4');
  socket.bind(port, address);
  const free = await once(socket, 'listening').then(
    () => true,
    () => false,
  );
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return free;
}
