import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test, vi } from 'vitest';
import { SupervisedProgram } from '../../../src/resources/supervised-program.ts';

const script = (name: string) => fileURLToPath(new URL(`../../../src/demo/${name}`, import.meta.url));
const limits = () => ({ deadlineMs: 5_000, signal: AbortSignal.timeout(10_000) });

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** The service as the daemon runs it: a program in the foreground, supervised by the ordinary resource. */
async function startService() {
  const runDir = await mkdtemp(join(tmpdir(), 'eipkeeper-web-service-'));
  const port = await freePort();
  const sickFile = join(runDir, 'sick');
  const resource = new SupervisedProgram({
    id: `web-${port}`,
    run: [
      process.execPath,
      script('web-service.ts'),
      '--listen',
      `127.0.0.1:${port}`,
      '--name',
      'main',
      '--sick-file',
      sickFile,
    ],
    monitor: [process.execPath, script('web-check.ts'), `http://127.0.0.1:${port}/health`],
    cwd: null,
    env: {},
    startTimeoutMs: 5_000,
    stopTimeoutMs: 5_000,
    monitorTimeoutMs: 5_000,
    runDir,
  });
  onTestFinished(async () => {
    await resource.stop(limits());
    await rm(runDir, { recursive: true });
  });
  expect(await resource.start(limits())).toEqual({ kind: 'running' });
  const url = `http://127.0.0.1:${port}`;
  const response = await vi.waitFor(() => fetch(url), { timeout: 5_000, interval: 20 });
  return { resource, url, sickFile, response };
}

test('answers with the name of its node', async () => {
  const { response } = await startService();
  expect(response.headers.get('x-whom')).toBe('main');
  expect(await response.text()).toBe('main\n');
});

test('is sick, to its monitor too, as long as the sick file is there', async () => {
  const { resource, url, sickFile } = await startService();
  expect((await fetch(`${url}/health`)).status).toBe(200);
  await writeFile(sickFile, '');
  expect((await fetch(`${url}/health`)).status).toBe(503);
  expect((await fetch(url)).status).toBe(200);
  expect(await resource.monitor(limits())).toMatchObject({
    kind: 'unhealthy',
    reason: expect.stringContaining('/health answered 503'),
  });
  await rm(sickFile);
  expect((await fetch(`${url}/health`)).status).toBe(200);
  expect(await resource.monitor(limits())).toEqual({ kind: 'running' });
});

test('finishes a request in flight when it is stopped, and takes no new one', async () => {
  const { resource, url } = await startService();
  const slow = fetch(`${url}/slow?ms=600`);
  // The request must have arrived before the stop: the same process answers a second one meanwhile.
  await fetch(url);
  const stopped = resource.stop(limits());
  await vi.waitFor(() => expect(fetch(`${url}/health`)).rejects.toThrow(), { timeout: 2_000 });
  const response = await slow;
  expect(response.status).toBe(200);
  expect(await response.text()).toBe('main\n');
  expect(await stopped).toEqual({ kind: 'stopped' });
  expect(await resource.monitor(limits())).toEqual({ kind: 'stopped' });
});
