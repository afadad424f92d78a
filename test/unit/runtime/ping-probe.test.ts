import { spawnSync } from 'node:child_process';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ping } from '../../../src/runtime/ping-probe.ts';

const never = new AbortController().signal;
const PATIENT_MS = 15_000;
const servers: Server[] = [];

async function listening(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

afterEach(async () => {
  for (const server of servers.splice(0)) {
    if ('closeAllConnections' in server) (server as { closeAllConnections(): void }).closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

describe('a ping node', () => {
  it('of TCP is reached when it takes a connection', async () => {
    const port = await listening(createServer((socket) => socket.destroy()));
    expect(await ping({ kind: 'tcp', host: '127.0.0.1', port }, PATIENT_MS, never)).toBe('reached');
  });

  it('of TCP is silent when it refuses', async () => {
    expect(await ping({ kind: 'tcp', host: '127.0.0.1', port: 1 }, PATIENT_MS, never)).toBe('silent');
  });

  it.each([200, 404, 503])('of HTTP is reached when it answers %d', async (status) => {
    const port = await listening(createHttpServer((_, response) => response.writeHead(status).end()));
    expect(await ping({ kind: 'http', url: `http://127.0.0.1:${port}/` }, PATIENT_MS, never)).toBe('reached');
  });

  it('of HTTP is silent when it does not answer in time', async () => {
    const port = await listening(createHttpServer(() => {}));
    expect(await ping({ kind: 'http', url: `http://127.0.0.1:${port}/` }, 200, never)).toBe('silent');
  });

  const withPing = spawnSync('ping', ['-V']).error === undefined;

  it.skipIf(!withPing)(
    'of ICMP is reached when it echoes, silent when it does not (needs ping)',
    async () => {
      expect(await ping({ kind: 'icmp', address: '127.0.0.1' }, PATIENT_MS, never)).toBe('reached');
      // Reserved: routed nowhere.
      expect(await ping({ kind: 'icmp', address: '240.0.0.1' }, 1_000, never)).toBe('silent');
    },
  );

  it.skipIf(withPing)('of ICMP is not known where there is no program ping', async () => {
    expect(await ping({ kind: 'icmp', address: '127.0.0.1' }, PATIENT_MS, never)).toBe('unknown');
  });
});
