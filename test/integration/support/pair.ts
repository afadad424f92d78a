import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { AwsEmulator } from '../../../src/demo/emulator/aws-emulator.ts';
import { freePort } from '../free-port.ts';

const PROGRAM = new URL('../../../src/main.ts', import.meta.url).pathname;
export const ADDRESSES = { main: '127.44.0.11', aux: '127.44.0.12' } as const;
/** Of somebody who has no instance. */
export const OPERATOR_KEYS = { accessKeyId: 'AKIAOPERATOR', secretAccessKey: 'secret' };
export type Name = keyof typeof ADDRESSES;

export interface TestNode {
  readonly name: Name;
  readonly dir: string;
  readonly configPath: string;
  readonly nginxPort: number;
  /** Everything that its daemons wrote, one line each. */
  readonly lines: string[];
  daemon: ChildProcess | null;
}

export interface PairSettings {
  /** Laid over the settings of the group. */
  readonly group?: object;
  /** Laid over the profile "fast". */
  readonly timings?: Readonly<Record<string, string>>;
  /** Beside the nginx of each node: how it is watched and restarted. */
  readonly care?: (name: Name) => object;
  /** Instead of an nginx. */
  readonly resources?: readonly object[];
}

/** Two nodes on loopback, with an AWS of their own and a real nginx each. */
export class Pair {
  readonly aws = new AwsEmulator({
    accessKeys: { [OPERATOR_KEYS.accessKeyId]: 'operator' },
    nodes: [
      { name: 'main', privateIp: ADDRESSES.main },
      { name: 'aux', privateIp: ADDRESSES.aux },
    ],
  });
  readonly dir = mkdtempSync(join(tmpdir(), 'pair-'));
  publicIp = '';
  /** Where the witness keeps the cluster's parameters. */
  prefix = '';
  readonly #nodes = new Map<Name, TestNode>();

  async start(settings: PairSettings = {}): Promise<void> {
    await this.aws.start();
    const { allocationId, publicIp } = this.aws.cloud.allocate();
    this.publicIp = publicIp;
    writeFileSync(join(this.dir, 'key'), 'ab'.repeat(32), { mode: 0o600 });
    const port = await freeUdpPort();
    const cluster = `pair-${process.pid}-${port}`;
    this.prefix = `/eipkeeper/${cluster}`;
    for (const name of ['main', 'aux'] as const)
      await this.#addNode(name, { cluster, port, allocationId, ...settings });
  }

  node(name: Name): TestNode {
    const node = this.#nodes.get(name);
    if (node === undefined) throw new Error(`there is no node ${name}`);
    return node;
  }

  startDaemon(name: Name, environment: Record<string, string> = {}): ChildProcess {
    const node = this.node(name);
    const daemon = spawn(process.execPath, [PROGRAM, 'run', '--config', node.configPath], {
      env: { ...this.aws.environmentOf(name), JOURNAL_STREAM: '', ...environment },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let rest = '';
    daemon.stderr.setEncoding('utf8').on('data', (text: string) => {
      const parts = (rest + text).split('\n');
      rest = parts.pop() ?? '';
      node.lines.push(...parts.map(messageOf));
    });
    node.daemon = daemon;
    return daemon;
  }

  /** Ends with the exit code, or null when it was killed. */
  async end(name: Name, signal: NodeJS.Signals): Promise<number | null> {
    const { daemon } = this.node(name);
    if (daemon === null) return null;
    const ended = once(daemon, 'exit');
    daemon.kill(signal);
    const [code] = await ended;
    return code as number | null;
  }

  /** An operator's command on a node: what it printed, and its exit code. */
  async command(name: Name, ...words: readonly string[]): Promise<{ output: string; code: number }> {
    const args = [PROGRAM, ...words, '--config', this.node(name).configPath];
    const child = spawn(process.execPath, args, { env: this.aws.environmentOf(name) });
    let output = '';
    const take = (text: string) => {
      output += text;
    };
    child.stdout.setEncoding('utf8').on('data', take);
    child.stderr.setEncoding('utf8').on('data', take);
    const [code] = await once(child, 'close');
    return { output, code: Number(code) };
  }

  /** How often an Elastic IP was associated so far. */
  moves(): number {
    return this.aws.journal.count({ call: 'AssociateAddress' });
  }

  holder(): string {
    return this.aws.cloud.holderOf(this.publicIp)?.node ?? '';
  }

  async close(): Promise<void> {
    for (const { daemon } of this.#nodes.values()) {
      if (daemon === null || daemon.exitCode !== null || daemon.signalCode !== null) continue;
      const ended = once(daemon, 'exit');
      daemon.kill('SIGKILL');
      await ended;
    }
    await this.aws.close();
    rmSync(this.dir, { recursive: true, force: true });
  }

  async #addNode(
    name: Name,
    {
      cluster,
      port,
      allocationId,
      group,
      resources,
      timings,
      care,
    }: { cluster: string; port: number; allocationId: string } & PairSettings,
  ): Promise<void> {
    const dir = join(this.dir, name);
    mkdirSync(join(dir, 'state'), { recursive: true });
    const nginxPort = await freePort();
    const config = join(dir, 'nginx.conf');
    writeFileSync(config, nginxConfig(dir, nginxPort, name));
    const health = { url: `http://127.0.0.1:${nginxPort}/`, timeout: '500ms' };
    const nginx = { config, binary: '/usr/sbin/nginx', unit: false, health };
    const nodes = Object.entries(ADDRESSES).map(([peer, address]) => [
      peer,
      { address, instanceId: this.aws.cloud.instanceOf(peer).instanceId },
    ]);
    const file = {
      cluster,
      key: { file: join(this.dir, 'key') },
      port,
      profile: 'fast',
      timings: { initdead: '1s', ...timings },
      nodes: Object.fromEntries(nodes),
      groups: {
        web: {
          nodes: ['main', 'aux'],
          failback: 'manual',
          resources: [...(resources ?? [{ nginx, ...care?.(name) }]), { 'elastic-ip': { allocationId } }],
          ...group,
        },
      },
      http: 'off',
      stateDirectory: join(dir, 'state'),
      socket: { path: join(dir, 'run', 'control.sock') },
    };
    const configPath = join(dir, 'eipkeeper.yaml');
    writeFileSync(configPath, stringify(file));
    this.#nodes.set(name, { name, dir, configPath, nginxPort, lines: [], daemon: null });
  }
}

function nginxConfig(dir: string, port: number, name: string): string {
  return `pid ${dir}/nginx.pid;
error_log ${dir}/error.log;
worker_processes 2;
events {}
http {
  access_log off;
  client_body_temp_path ${dir}/body; proxy_temp_path ${dir}/proxy; fastcgi_temp_path ${dir}/fcgi;
  uwsgi_temp_path ${dir}/uwsgi; scgi_temp_path ${dir}/scgi;
  server { listen 127.0.0.1:${port}; location / { return 200 '${name}'; } }
}
`;
}

function messageOf(line: string): string {
  try {
    return String((JSON.parse(line) as { msg?: unknown }).msg);
  } catch {
    return line;
  }
}

async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, ADDRESSES.main, resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}
