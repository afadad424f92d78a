import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, vi } from 'vitest';
import { clusterTest, UNHURRIED, until } from '../support/loopback-cluster.ts';

vi.setConfig(UNHURRIED);

type Document = { event: string; node: string; group: string | null; details: Record<string, unknown> };

describe('daemons whose hooks misbehave', () => {
  clusterTest('serve, switch over and tell those that listen', async ({ cluster, main, aux }) => {
    let asked = 0;
    const sockets = createServer((request, response) => {
      asked += 1;
      request.resume();
      if (request.url === '/fails') response.writeHead(500).end();
      // Else it hangs.
    });
    await new Promise<void>((resolve) => sockets.listen(0, '127.0.0.1', resolve));
    const origin = `http://127.0.0.1:${(sockets.address() as AddressInfo).port}`;
    const heard = join(cluster.dir, 'heard');
    for (const node of [main, aux]) {
      node.write((file) => {
        file.notify = [
          { url: `${origin}/hangs` },
          { url: `${origin}/fails` },
          { url: 'http://127.0.0.1:1/refuses' },
          { command: ['/bin/sh', '-c', 'yes; sleep 1000'], timeout: '1s' },
          { command: ['/bin/sh', '-c', `cat >> ${heard}`], events: ['leadership', 'handover'] },
        ];
      });
    }
    try {
      await cluster.startServing();
      const moved = await main.command('switchover', '--to', 'aux');
      expect(moved.code, moved.output).toBe(0);
      await cluster.serves('aux');
      const documents = (): Document[] =>
        existsSync(heard)
          ? readFileSync(heard, 'utf8')
              .trim()
              .split('\n')
              .map((line) => JSON.parse(line) as Document)
          : [];
      await until('what aux says of its lead', async () =>
        documents().some(({ event, node }) => event === 'serving' && node === 'aux'),
      );
      expect(documents().find(({ event }) => event === 'handover-started')).toMatchObject({
        node: 'main',
        group: 'web',
        details: { to: 'aux' },
      });
      expect(documents().map(({ event }) => event)).not.toContain('peer-up');
      expect(asked).toBeGreaterThan(0);
      main.write((file) => {
        file.notify = [];
      });
      expect((await main.command('reload')).code).toBe(0);
      expect(await main.ended('SIGTERM')).toBe(0);
    } finally {
      sockets.closeAllConnections();
      sockets.close();
    }
  });
});
