import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pipeTo, postTo } from '../../../src/notify/deliver.ts';
import type { Notification } from '../../../src/notify/notification.ts';

const DOCUMENT: Notification = {
  version: 1,
  id: '0123456789abcdef-1',
  time: '2026-11-21T12:00:00.000Z',
  cluster: 'web',
  node: 'main',
  group: 'web',
  event: 'serving',
  severity: 'info',
  text: 'web: leader main, term 2',
  details: { term: 2 },
  dropped: 0,
};
const soon = () => AbortSignal.timeout(300);
const never = new AbortController().signal;

describe('a POST', () => {
  let server: Server;
  let handle: RequestListener;
  let close: () => Promise<void> = async () => {};
  const post = (signal = never) => {
    const made = postTo(`http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, '1.2.3');
    ({ close } = made);
    return made.deliver(DOCUMENT, signal);
  };

  beforeEach(async () => {
    server = createServer((request, response) => handle(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    await close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('carries the document as JSON', async () => {
    const got: unknown[] = [];
    handle = (request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      request.on('end', () => {
        got.push(request.method, request.headers['content-type'], JSON.parse(body));
        response.writeHead(204).end();
      });
    };
    expect(await post()).toEqual({ status: 'delivered' });
    expect(got).toEqual(['POST', 'application/json', DOCUMENT]);
  });

  it.each([
    [500, 'failed'],
    [503, 'failed'],
    [429, 'failed'],
    [404, 'refused'],
    [302, 'refused'],
  ])('that is answered with %d has %s', async (status, wanted) => {
    handle = (request, response) => {
      request.resume();
      response.writeHead(status, { location: '/elsewhere' }).end('no');
    };
    expect(await post()).toEqual({ status: wanted, reason: `it answered HTTP ${status}` });
  });

  it('to a server that never answers ends with its deadline', async () => {
    handle = (request) => request.resume();
    expect(await post(soon())).toMatchObject({ status: 'failed' });
  });

  it('to a server that answers without end is delivered, and not read to the end', async () => {
    handle = (request, response) => {
      request.resume();
      response.writeHead(200);
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      };
      response.on('drain', more);
      more();
    };
    expect(await post(AbortSignal.timeout(10_000))).toEqual({ status: 'delivered' });
  });

  it('to nobody has failed', async () => {
    const made = postTo('http://127.0.0.1:1/', '1.2.3');
    ({ close } = made);
    expect(await made.deliver(DOCUMENT, never)).toMatchObject({ status: 'failed' });
  });
});

describe('a command', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'hook-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  const script = (text: string): string[] => {
    const path = join(dir, 'hook.sh');
    writeFileSync(path, text);
    return ['/bin/sh', path];
  };

  it('reads the document on its standard input, and the event in its environment', async () => {
    const out = join(dir, 'out');
    const command = script(`cat > ${out}; echo "$EIPKEEPER_EVENT $EIPKEEPER_GROUP" >> ${out}`);
    expect(await pipeTo(command, 20_000)(DOCUMENT, never)).toEqual({ status: 'delivered' });
    const [json = '', words] = readFileSync(out, 'utf8').trim().split('\n');
    expect(JSON.parse(json)).toEqual(DOCUMENT);
    expect(words).toBe('serving web');
  });

  it('that fails says so with its last words', async () => {
    const result = await pipeTo(script('echo no pager >&2; exit 3'), 20_000)(DOCUMENT, never);
    expect(result).toEqual({ status: 'failed', reason: '"/bin/sh" exited with 3: no pager' });
  });

  it('that never ends is killed, with what it started', async () => {
    const pid = join(dir, 'pid');
    const result = await pipeTo(script(`sleep 1000 & echo $! > ${pid}; wait`), 500)(DOCUMENT, never);
    expect(result).toMatchObject({
      status: 'failed',
      reason: expect.stringContaining('did not finish in time'),
    });
    const child = Number(readFileSync(pid, 'utf8'));
    await expect.poll(() => isAlive(child), { timeout: 15_000 }).toBe(false);
  });

  it('that prints megabytes and reads nothing is read to its end, and little of it is kept', async () => {
    const command = script('yes no | head -c 20000000; exit 1');
    const result = await pipeTo(command, 60_000)(DOCUMENT, never);
    expect(result.status).toBe('failed');
    expect(JSON.stringify(result).length).toBeLessThan(500);
  });

  it('that does not exist has failed', async () => {
    expect(await pipeTo([join(dir, 'missing')], 1_000)(DOCUMENT, never)).toMatchObject({ status: 'failed' });
  });
});

/** Also false for one that has ended and whose parent has not noticed. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
