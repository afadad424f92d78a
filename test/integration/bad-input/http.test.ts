import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { LoopbackCluster, type LoopbackNode, UNHURRIED, until } from '../../support/loopback-cluster.ts';
import { freePort } from '../free-port.ts';

vi.setConfig(UNHURRIED);

const FLOOD = fileURLToPath(new URL('../../support/http-flood-process.ts', import.meta.url));
const MB = 1024 * 1024;
/** What 64 connections with their heads and answers may take, and what a heap grows by under load. */
const MOST_MB = 60;

describe('the port of the status page', () => {
  let cluster: LoopbackCluster;
  let port: number;
  beforeEach(async () => {
    port = await freePort();
    cluster = new LoopbackCluster({
      configure: (file) => {
        file.http = { address: 'node', port };
      },
    });
    await cluster.start();
    await cluster.startServing();
    await until('main to lead by the word of aux', async () => {
      const [group] = (await cluster.main.status()).groups;
      return group?.authority.source === 'grants';
    });
  });
  afterEach(() => cluster.close());

  const ask = (node: LoopbackNode, path: string) => fetch(`http://${node.address}:${port}${path}`);

  async function metric(node: LoopbackNode, series: string): Promise<number> {
    const text = await (await ask(node, '/metrics')).text();
    const line = text.split('\n').find((each) => each.startsWith(`${series} `));
    return Number(line?.slice(series.length + 1));
  }

  async function flood(total: number, atATime: number, text: string): Promise<{ connected: number }> {
    const words = [cluster.main.address, String(port), String(total), String(atATime), text];
    const child = spawn(process.execPath, [FLOOD, ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      output += part;
    });
    await once(child, 'close');
    return JSON.parse(output);
  }

  /** What a flood must not touch. A leader that was slow may renew its term: that is no harm. */
  const untouched = async () => ({
    ...(await cluster.service()),
    silences: cluster.nodes.map(({ log }) => log.match(/has been silent/g)?.length ?? 0),
    leader: (await cluster.aux.status()).groups[0]?.leader,
  });

  it.each([
    ['that say nothing', ''],
    ['that ask for the page', 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'],
    ['that ask for the metrics', 'GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'],
    ['with a head beyond all measure', `GET / HTTP/1.1\r\nX: ${'x'.repeat(30_000)}\r\n\r\n`],
  ])('takes ten thousand connections %s, and the leader leads on', async (_, text) => {
    const { main, aux } = cluster;
    const before = await untouched();
    const rssBefore = residentMb(main);
    const heard = await metric(aux, 'eipkeeper_heartbeats_received_total{member="main",path="0"}');
    let most = 0;
    const watching = setInterval(() => {
      most = Math.max(most, residentMb(main));
    }, 50);
    const { connected } = await flood(10_000, 400, text);
    clearInterval(watching);
    expect(connected).toBeGreaterThan(0);
    expect(await untouched()).toEqual(before);
    expect(most - rssBefore).toBeLessThan(MOST_MB);
    await until('main to be asked again', async () => (await ask(main, '/leader?group=web')).status === 200);
    await until('aux to hear main', async () => {
      const now = await metric(aux, 'eipkeeper_heartbeats_received_total{member="main",path="0"}');
      return now > heard;
    });
  });

  it('is held by slow clients for a moment only, and keeps no command waiting', async () => {
    const { main } = cluster;
    const before = await untouched();
    const slow = await Promise.all(Array.from({ length: 64 }, () => trickle(main.address, port)));
    const { code, output } = await main.command('status');
    expect(code).toBe(0);
    expect(output).toContain('main');
    await Promise.all(slow.map(({ ended }) => ended));
    expect((await ask(main, '/health')).status).toBe(200);
    expect(await untouched()).toEqual(before);
  });

  it('that is taken costs a warning and nothing else, and is taken into use by a reload', async () => {
    const { main, aux } = cluster;
    await aux.ended('SIGTERM');
    const second = await freePort();
    const wrong = connect(port, main.address);
    await once(wrong, 'connect');
    wrong.destroy();
    aux.write((file) => {
      file.http = { address: main.address, port };
    });
    aux.start();
    await aux.says(`another program has ${main.address}:${port}; the daemon goes on without it`);
    await aux.says('leader main');
    expect((await aux.command('status')).code).toBe(0);
    aux.write((file) => {
      file.http = { address: 'node', port: second };
    });
    expect((await aux.command('reload')).code).toBe(0);
    await aux.says(`the status page is at http://${aux.address}:${second}/`);
    const { status } = await fetch(`http://${aux.address}:${second}/standby?group=web`);
    expect(status).toBe(200);
    aux.write((file) => {
      file.http = 'off';
    });
    expect((await aux.command('reload')).code).toBe(0);
    await expect(fetch(`http://${aux.address}:${second}/health`)).rejects.toThrow();
  });

  it('shows no secret in any answer', async () => {
    const key = 'ab'.repeat(32);
    const secrets = [key, Buffer.from(key, 'hex').toString('base64'), 'SecretAccessKey', 'AKIA'];
    for (const path of ['/', '/page.js', '/status', '/history', '/metrics', '/health', '/readiness']) {
      const text = await (await ask(cluster.main, path)).text();
      expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
    }
  });
});

function residentMb({ daemon }: LoopbackNode): number {
  const pages = readFileSync(`/proc/${daemon?.pid}/statm`, 'utf8').split(' ')[1];
  return (Number(pages) * 4_096) / MB;
}

/** One header, a letter at a time. `ended`: the daemon has closed it. */
async function trickle(address: string, port: number): Promise<{ socket: Socket; ended: Promise<unknown> }> {
  const socket = connect(port, address).on('error', () => {});
  const ended = new Promise((resolve) => socket.once('close', resolve));
  await once(socket, 'connect');
  socket.resume().write('GET / HTTP/1.1\r\nX-A: ');
  const writing = setInterval(() => socket.write('a'), 500);
  void ended.then(() => clearInterval(writing));
  await sleep(0);
  return { socket, ended };
}
