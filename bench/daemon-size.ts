/**
 * What each way to build and start the daemon costs: memory of a leader at rest and the time to its first heartbeat,
 * on loopback with the emulated AWS. For docs/discoveries/daemon-size.md; takes a minute for each way.
 *
 *     node bench/daemon-size.ts [--only <part of a name>]
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { AwsEmulator } from '../src/demo/emulator/aws-emulator.ts';
import { buildWays, type Way } from './daemon-ways.ts';
import { cpuSecondsOf, memoryOf } from './process-figures.ts';
import { summarize } from './statistics.ts';

const ADDRESSES = { main: '127.47.0.11', aux: '127.47.0.12' } as const;
type Name = keyof typeof ADDRESSES;
const STARTS = 5;
const REST_MS = 10_000;
const PORT = 9647;

const { values } = parseArgs({ options: { only: { type: 'string', default: '' } } });
const folder = mkdtempSync(join(tmpdir(), 'eipkeeper-size-'));
const aws = new AwsEmulator({
  nodes: Object.entries(ADDRESSES).map(([name, privateIp]) => ({ name, privateIp })),
});
const running = new Set<ChildProcess>();
try {
  await aws.start();
  const configPath = writeConfiguration(aws.cloud.allocate().allocationId);
  for (const way of await buildWays(join(folder, 'ways'))) {
    if (!way.name.includes(values.only)) continue;
    const starts = [];
    for (let i = 0; i < STARTS; i++) starts.push(await measureStart(way, configPath));
    const { rssMb, pssMb, dirtyMb } = await measureRest(way, configPath);
    const took = summarize(starts.map(({ tookMs }) => tookMs));
    const cpu = summarize(starts.map(({ cpuMs }) => cpuMs));
    const range = `[${took.min.toFixed(0)}..${took.max.toFixed(0)}]`;
    console.log(
      `| ${way.name} | ${rssMb.toFixed(0)} | ${pssMb.toFixed(0)} | ${dirtyMb.toFixed(0)} | ${took.median.toFixed(0)} ${range} | ${cpu.median.toFixed(0)} |`,
    );
  }
} finally {
  for (const child of running) child.kill('SIGKILL');
  await aws.close();
  rmSync(folder, { recursive: true, force: true });
}

/** From the start of the process to its first datagram at the peer, and the CPU of all its threads until then. */
async function measureStart(way: Way, configPath: string): Promise<{ tookMs: number; cpuMs: number }> {
  const peer = createSocket('udp4');
  peer.bind(PORT, ADDRESSES.aux);
  await once(peer, 'listening');
  const beginMs = performance.now();
  const daemon = start(way, 'main', configPath);
  await once(peer, 'message');
  const tookMs = performance.now() - beginMs;
  const cpuMs = cpuSecondsOf(daemon.pid!).own * 1000;
  peer.close();
  await end(daemon);
  return { tookMs, cpuMs };
}

/** Of a leader that both nodes have known for a while. */
async function measureRest(way: Way, configPath: string) {
  const main = start(way, 'main', configPath);
  await sleep(3_000);
  const aux = start(way, 'aux', configPath);
  await sleep(REST_MS);
  const memory = memoryOf(main.pid!);
  await Promise.all([end(main), end(aux)]);
  return memory;
}

function start(way: Way, name: Name, configPath: string): ChildProcess {
  const [program = '', ...words] = [...way.command, 'run', '--config', configPath.replace('NAME', name)];
  const child = spawn(program, words, {
    env: { ...aws.environmentOf(name), JOURNAL_STREAM: '', ...way.environment },
    stdio: 'ignore',
  });
  running.add(child);
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
  running.delete(child);
}

function writeConfiguration(allocationId: string): string {
  writeFileSync(join(folder, 'key'), 'ab'.repeat(32), { mode: 0o600 });
  const nodes = Object.entries(ADDRESSES).map(([name, address]) => [
    name,
    { address, instanceId: aws.cloud.instanceOf(name).instanceId },
  ]);
  for (const name of Object.keys(ADDRESSES)) {
    const file = {
      cluster: `size-${process.pid}`,
      key: { file: join(folder, 'key') },
      port: PORT,
      nodes: Object.fromEntries(nodes),
      timings: { initdead: '1100ms' },
      groups: {
        web: {
          nodes: Object.keys(ADDRESSES),
          failback: 'manual',
          resources: [{ 'elastic-ip': { allocationId } }],
        },
      },
      stateDirectory: join(folder, name),
      socket: { path: join(folder, `${name}.sock`) },
    };
    mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, `${name}.yaml`), stringify(file));
  }
  return join(folder, 'NAME.yaml');
}
