import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { longestGapMs, SteadyClient } from '../../../src/demo/cluster/steady-client.ts';

const asked = (atMs: number, endedAtMs: number, by: string | null) => ({ atMs, endedAtMs, by });

/** A service that `answer` speaks for, asked every 5 ms with a patience of 60 ms. */
async function startClient(answer: { by: (response: ServerResponse) => void }) {
  const server = createServer((_, response) => answer.by(response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = new SteadyClient({ port, intervalMs: 5, patienceMs: 60 });
  onTestFinished(() => {
    client.close();
    server.closeAllConnections();
    server.close();
  });
  client.start();
  return client;
}

const whom = (name: string) => (response: ServerResponse) => {
  response.writeHead(200, { 'x-whom': name }).end('');
};

test('names the node that answers, and the next one when that does', async () => {
  const answer = { by: whom('main') };
  const client = await startClient(answer);
  await vi.waitFor(() => expect(client.answeredBy()).toBe('main'), { interval: 5 });
  answer.by = whom('aux');
  await vi.waitFor(() => expect(client.answeredBy()).toBe('aux'), { interval: 5 });
  expect(client.totals.failed).toBe(0);
});

test('counts as failed what is not answered in time, answered otherwise, or reset', async () => {
  const answer = { by: whom('main') };
  const client = await startClient(answer);
  await vi.waitFor(() => expect(client.answeredBy()).toBe('main'), { interval: 5 });
  for (const by of [
    () => {},
    (response: ServerResponse) => void response.writeHead(503, { 'x-whom': 'main' }).end(''),
    (response: ServerResponse) => void response.socket?.resetAndDestroy(),
  ]) {
    const before = client.totals.failed;
    answer.by = by;
    await vi.waitFor(() => expect(client.totals.failed).toBeGreaterThan(before + 2), { interval: 5 });
    expect(client.answeredBy()).toBeNull();
    answer.by = whom('main');
    await vi.waitFor(() => expect(client.answeredBy()).toBe('main'), { interval: 5 });
  }
});

test('does not call it a failure that nobody answered before there was anybody', async () => {
  const answer: { by: (response: ServerResponse) => void } = {
    by: (response) => response.socket?.destroy(),
  };
  const client = await startClient(answer);
  await vi.waitFor(() => expect(client.since(0).length).toBeGreaterThan(5), { interval: 5 });
  answer.by = whom('main');
  await vi.waitFor(() => expect(client.totals.requests).toBeGreaterThan(2), { interval: 5 });
  expect(client.totals.failed).toBe(0);
});

test('reports what was sent in a time, and waits for what still waits', async () => {
  const client = await startClient({ by: () => {} });
  const fromMs = performance.now();
  const report = await client.report(fromMs, fromMs + 40);
  expect(report.requests).toBeGreaterThan(2);
  expect(report.failed).toBe(report.requests);
  expect(report.longestGapMs).toBeCloseTo(40);
});

test('measures the longest time without an answer, up to both ends', () => {
  expect(longestGapMs([], 100, 300)).toBe(200);
  expect(
    longestGapMs([asked(100, 110, 'main'), asked(120, 260, null), asked(200, 290, 'aux')], 100, 300),
  ).toBe(180);
  expect(longestGapMs([asked(100, 110, 'main')], 100, 300)).toBe(190);
  // Answered after the end, but sent before it: the wait counts.
  expect(longestGapMs([asked(100, 450, 'aux')], 100, 300)).toBe(350);
});
