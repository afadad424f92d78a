import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { HttpLimits } from '../../../src/http/http-server.ts';
import { statusSnapshot } from '../control/snapshot-fixture.ts';
import { ADDRESS, ended, freePort, TestServer } from './http-fixture.ts';

const servers: TestServer[] = [];

async function serve(limits: Partial<HttpLimits> = {}, hosts: readonly string[] = []): Promise<TestServer> {
  const server = new TestServer(limits);
  servers.push(server);
  await server.start({ hosts });
  return server;
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map(({ server }) => server.close()));
});

describe('what is served', () => {
  it('is the page with its files, the status, the history, the metrics', async () => {
    const server = await serve();
    for (const [path, type] of [
      ['/', 'text/html'],
      ['/page.css', 'text/css'],
      ['/page.js', 'text/javascript'],
      ['/status', 'application/json'],
      ['/history', 'application/json'],
      ['/metrics', 'text/plain'],
    ] as const) {
      const { status, headers } = await server.ask(path);
      expect({ path, status, type: headers['content-type']?.toString().split(';')[0] }).toEqual({
        path,
        status: 200,
        type,
      });
    }
    expect(JSON.parse((await server.ask('/status')).body)).toEqual(statusSnapshot());
  });

  it('has a length and no body when only the head is asked for', async () => {
    const server = await serve();
    const { status, headers, body } = await server.ask('/status', { method: 'HEAD' });
    expect({ status, body }).toEqual({ status: 200, body: '' });
    expect(Number(headers['content-length'])).toBeGreaterThan(100);
  });

  it('runs no script but its own, in no frame, and is kept by no cache', async () => {
    const server = await serve();
    for (const path of ['/', '/status', '/nonsense']) {
      const { headers } = await server.ask(path);
      expect(headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'");
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['cache-control']).toBe('no-store');
      expect(headers['access-control-allow-origin']).toBeUndefined();
    }
  });

  it('is rendered once for all who ask within a moment', async () => {
    const server = await serve({ freshMs: 60_000 });
    let rendered = 0;
    server.sources.metrics = () => `eipkeeper_term ${++rendered}\n`;
    await Promise.all(Array.from({ length: 20 }, () => server.ask('/metrics')));
    expect(rendered).toBe(1);
  });
});

describe('what is refused', () => {
  it('is whatever could change something', async () => {
    const server = await serve();
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const { status, headers, body } = await server.ask('/status', { method });
      expect(status).toBe(405);
      expect(headers.allow).toBe('GET, HEAD');
      expect(body).toContain('nothing can be changed here');
    }
  });

  it('is a name that a web page may have given to this machine', async () => {
    const server = await serve({}, ['Status.Example.net']);
    const asking = async (host: string) => (await server.ask('/status', { headers: { host } })).status;
    for (const host of [
      'evil.example',
      'evil.example:9694',
      'localhost.evil.example',
      '127.0.0.1.evil.example',
    ])
      expect(await asking(host)).toBe(421);
    for (const host of ['"', 'a b', '[::1', 'localhost/@evil'])
      expect([400, 421]).toContain(await asking(host));
    for (const host of [
      'localhost',
      'LOCALHOST:9694',
      '127.0.0.1:1',
      '[::1]:9694',
      '10.0.0.11',
      'status.example.net',
    ])
      expect(await asking(host)).toBe(200);
    const { body } = await server.ask('/', { headers: { host: 'evil.example' } });
    expect(body).toContain('add the name to http.hosts');
  });

  it('is not a probe that sends no name at all', async () => {
    const server = await serve();
    expect(await server.raw('GET /health HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('is a path that is none, with what there is', async () => {
    const server = await serve();
    for (const path of [
      '/../../etc/passwd',
      '/%2e%2e/%2e%2e/etc/passwd',
      '//evil.example/',
      '/page/',
      '/%',
      '/\\',
    ])
      expect((await server.ask(path)).status).toBe(404);
    expect((await server.ask('/nonsense')).body).toContain('/metrics');
    expect(
      await server.raw(
        'GET http://evil.example/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
      ),
    ).toMatch(/^HTTP\/1\.1 400 /);
    expect(await server.raw('GET * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 400 /,
    );
  });

  it('is a head beyond all measure', async () => {
    const server = await serve();
    expect(await server.raw(`GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 431 /,
    );
    expect(await server.raw(`GET /${'x'.repeat(20_000)} HTTP/1.1\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
    expect((await server.ask('/status')).status).toBe(200);
  });

  it('is a body, and the connection that carries it', async () => {
    const server = await serve();
    const head =
      'GET /status HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n';
    expect(await server.raw(head)).toMatch(/^HTTP\/1\.1 413 /);
    expect(await server.raw('nonsense\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('goes on after a source that failed', async () => {
    const server = await serve();
    server.sources.metrics = () => {
      throw new Error('a defect');
    };
    server.sources.history = () => Promise.reject(new Error('the disk'));
    expect((await server.ask('/metrics')).status).toBe(500);
    expect((await server.ask('/history')).status).toBe(500);
    expect(server.said.filter((text) => text.includes('failed'))).toEqual([
      'a request for /metrics failed: a defect',
    ]);
    expect((await server.ask('/status')).status).toBe(200);
  });
});

describe('slow and many clients', () => {
  it('are left when they do not finish their request', async () => {
    const server = await serve({ patienceMs: 200 });
    const sockets = await Promise.all(
      ['', 'GET / HT', 'GET / HTTP/1.1\r\nHost: localhost\r\nX-A: '].map((text) => server.connection(text)),
    );
    await Promise.all(sockets.map(ended));
    expect(server.server.counts().connections).toBe(0);
  });

  it('are turned away beyond so many connections, and served when there is room again', async () => {
    const server = await serve({ connections: 4 });
    const held = await Promise.all(Array.from({ length: 4 }, () => server.connection()));
    const beyond = await server.connection('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await ended(beyond);
    expect(server.server.counts()).toMatchObject({ connections: 4, turnedAway: 1, requests: 0 });
    for (const socket of held) socket.destroy();
    while (server.server.counts().connections > 0) await new Promise((done) => setTimeout(done, 5));
    expect((await server.ask('/status')).status).toBe(200);
  });
});

describe('the stream of events', () => {
  const OPEN = 'GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n';

  async function read(socket: Socket, pattern: RegExp): Promise<string> {
    let text = '';
    socket.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    while (!pattern.test(text)) await once(socket, 'data');
    return text;
  }

  it('says the status at once and after every change', async () => {
    const server = await serve();
    const socket = await server.connection(OPEN);
    const first = await read(socket, /data: .*"term":7.*\n\n/);
    expect(first).toContain('Content-Type: text/event-stream');
    const [group] = statusSnapshot().groups;
    server.sources.status = () => statusSnapshot({ groups: [{ ...group!, term: 8 }] });
    server.changed();
    await read(socket, /"term":8.*\n\n/);
    socket.destroy();
    while (server.listeners.size > 0) await new Promise((done) => setTimeout(done, 5));
  });

  it('is for so many pages and no more, and leaves room for others', async () => {
    const server = await serve({ streams: 2 });
    const pages = await Promise.all([server.connection(OPEN), server.connection(OPEN)]);
    await Promise.all(pages.map((page) => read(page, /data: /)));
    expect((await server.ask('/events')).status).toBe(503);
    expect((await server.ask('/events', { method: 'HEAD' })).status).toBe(200);
    expect((await server.ask('/health')).status).toBe(200);
    pages[0]?.destroy();
    while (server.listeners.size > 1) await new Promise((done) => setTimeout(done, 5));
    const again = await server.connection(OPEN);
    await read(again, /data: /);
  });

  it('leaves a client that takes nothing, and keeps nothing for it', async () => {
    const server = await serve({ patienceMs: 200 });
    let rendered = 0;
    const padding = 'x'.repeat(1_000_000);
    server.sources.status = () => {
      rendered += 1;
      return statusSnapshot({ daemonVersion: padding });
    };
    const socket = await server.connection(OPEN);
    socket.pause();
    while (rendered === 0) await new Promise((done) => setTimeout(done, 5));
    const changing = setInterval(() => server.changed(), 20);
    while (server.listeners.size > 0) await new Promise((done) => setTimeout(done, 20));
    clearInterval(changing);
    // What the kernel took of its own accord, and one more.
    expect(rendered).toBeLessThan(20);
    expect(server.server.counts().connections).toBe(0);
    socket.destroy();
  });
});

describe('the place', () => {
  it('that another program has is said once, and taken when it is free', async () => {
    const server = new TestServer({ retryMs: 20 });
    servers.push(server);
    const port = await freePort();
    const other = createServer().listen(port, ADDRESS);
    await once(other, 'listening');
    server.port = port;
    server.server.use({ address: ADDRESS, port, hosts: [] });
    await server.says(/another program has 127\.61\.0\.1:\d+; the daemon goes on without it and tries again/);
    await new Promise((done) => setTimeout(done, 100));
    expect(server.said).toHaveLength(1);
    other.close();
    await server.says(/is at http/);
    expect((await server.ask('/status')).status).toBe(200);
  });

  it('may be no address of this machine', async () => {
    const server = new TestServer();
    servers.push(server);
    server.server.use({ address: '192.0.2.1', port: 9694, hosts: [] });
    await server.says(/192\.0\.2\.1:9694 is no address of this machine/);
  });

  it('is kept when only the names by which one may ask have changed', async () => {
    const server = await serve();
    const { port } = server;
    const asking = async () => (await server.ask('/status', { headers: { host: 'new.example' } })).status;
    expect(await asking()).toBe(421);
    server.server.use({ address: ADDRESS, port, hosts: ['new.example'] });
    while (server.said.length < 2) await new Promise((done) => setTimeout(done, 5));
    expect(server.said[1]).toBe(server.said[0]);
    expect(await asking()).toBe(200);
  });

  it('changes with a reload, and stays what it is with one that changes something else', async () => {
    const server = await serve();
    const before = await server.connection('GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const { port } = server;
    server.server.use({ address: ADDRESS, port, hosts: [] });
    expect((await server.ask('/status')).status).toBe(200);
    expect(before.closed).toBe(false);
    await server.start();
    await ended(before);
    expect(server.port).not.toBe(port);
    expect((await server.ask('/status')).status).toBe(200);
    server.server.use(null);
    await expect(server.ask('/status')).rejects.toThrow(/ECONNREFUSED/);
  });
});
