import { writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { findProcesses } from '../../../src/resources/process-table.ts';
import type { LoopbackNode } from '../../support/loopback-cluster.ts';
import { inTheEnd } from './imported-cluster.ts';

/** A real nginx of a node, which says who it is as in the article. */
export function nginxOf(node: LoopbackNode, port: number, whom: string): Readonly<Record<string, unknown>> {
  const { dir, address } = node;
  const config = join(dir, 'nginx.conf');
  writeFileSync(
    config,
    `pid ${dir}/nginx.pid;
error_log ${dir}/error.log;
worker_processes 1;
events {}
http {
  access_log off;
  client_body_temp_path ${dir}/body; proxy_temp_path ${dir}/proxy; fastcgi_temp_path ${dir}/fcgi;
  uwsgi_temp_path ${dir}/uwsgi; scgi_temp_path ${dir}/scgi;
  server { listen ${address}:${port}; add_header X-Whom ${whom}; location / { return 200 '${whom}'; } }
}
`,
  );
  const health = { url: `http://${address}:${port}/`, timeout: '2s' };
  return { nginx: { config, binary: '/usr/sbin/nginx', unit: false, health } };
}

/** Master and workers, whether or not the daemon lives. */
export async function killNginx({ name, dir }: LoopbackNode): Promise<void> {
  const pids = await nginxPids(dir);
  for (const pid of pids) process.kill(pid, 'SIGTERM');
  await inTheEnd(`nginx of ${name} to be gone`, async () => (await nginxPids(dir)).length === 0);
}

async function nginxPids(dir: string): Promise<readonly number[]> {
  const found = await findProcesses(({ title }) => title.includes(`${dir}/nginx.conf`));
  return found.map(({ pid }) => pid);
}

/** A real haproxy of a node that answers by itself. */
export function haproxyOf(node: LoopbackNode, port: number, whom: string): Readonly<Record<string, unknown>> {
  const config = join(node.dir, 'haproxy.cfg');
  writeFileSync(
    config,
    `defaults
  mode http
  timeout connect 1s
  timeout client 10s
  timeout server 10s
frontend front
  bind ${node.address}:${port}
  http-request return status 200 content-type text/plain hdr X-Whom ${whom} string ${whom}
`,
  );
  const health = { url: `http://${node.address}:${port}/`, timeout: '2s' };
  return { haproxy: { config, binary: '/usr/sbin/haproxy', unit: false, health } };
}

export async function killHaproxy({ name, dir }: LoopbackNode): Promise<void> {
  const pids = async () =>
    (await findProcesses(({ title }) => title.includes(`${dir}/haproxy.cfg`))).map(({ pid }) => pid);
  for (const pid of await pids()) process.kill(pid, 'SIGKILL');
  await inTheEnd(`haproxy of ${name} to be gone`, async () => (await pids()).length === 0);
}

/** As `curl -I`: the header X-Whom of one answer; "" when there was none. */
export function whom(port: number): Promise<string> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, agent: false, timeout: 5_000 }, (response) => {
      response.resume();
      resolve(String(response.headers['x-whom'] ?? ''));
    });
    request.on('timeout', () => request.destroy(new Error('no answer')));
    request.on('error', () => resolve(''));
  });
}

/** Asks, one request after the other, until `wanted` answers; gives every answer there was. */
export async function answersUntil(port: number, wanted: string): Promise<readonly string[]> {
  const answers: string[] = [];
  await inTheEnd(`${wanted} to answer`, async () => {
    const answer = await whom(port);
    answers.push(answer);
    return answer === wanted;
  });
  return answers;
}
