import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'vitest';
import { stringify } from 'yaml';
import { statusText } from '../../src/cli/status-text.ts';
import { ControlClient } from '../../src/control/client.ts';
import type { StatusSnapshot } from '../../src/control/status-snapshot.ts';
import { AwsEmulator, type AwsEmulatorOptions } from '../../src/demo/emulator/aws-emulator.ts';
import { GuardFolder } from '../../src/guard/guard-folder.ts';
import { isPopulated, removeCgroup } from '../../src/resources/cgroup.ts';
import { findProcesses } from '../../src/resources/process-table.ts';
import { waitFor } from './netns/wait-for.ts';

export const PROGRAM = new URL('../../src/main.ts', import.meta.url).pathname;
const WAIT = { withinMs: 25_000, everyMs: 25 };
/** For tests of several daemons on a machine that is busy with other things too. */
export const UNHURRIED = { testTimeout: 90_000, maxConcurrency: 4 };
/** Halves what a start costs; beside other caches that may be thrown away. */
const COMPILE_CACHE = new URL('../../node_modules/.cache/eipkeeper-tests', import.meta.url).pathname;

/** A configuration file before it is written; tests bend it. */
// biome-ignore lint/suspicious/noExplicitAny: half of the tests write what no type would allow.
export type ConfigurationDraft = any;

export interface ClusterSettings {
  /** Changes what would be written for a node. */
  readonly configure?: (file: ConfigurationDraft, node: LoopbackNode) => void;
  readonly emulator?: Partial<AwsEmulatorOptions>;
}

export interface CommandResult {
  readonly code: number;
  /** What was printed on both streams. */
  readonly output: string;
}

/** Slow enough that a busy machine makes no false alarm: these tests count moves. */
const CALM = {
  keepalive: '100ms',
  warntime: '500ms',
  deadtime: '1500ms',
  witnessTimeout: '500ms',
  lease: '2s',
  initdead: '1600ms',
};

/** One node: its folder, its file, its daemon as a process, and the program that it serves with. */
export class LoopbackNode {
  readonly name: string;
  readonly address: string;
  readonly dir: string;
  readonly configPath: string;
  readonly file: ConfigurationDraft = {};
  daemon: ChildProcess | null = null;
  /** What its daemons logged so far, one line each. */
  log = '';
  readonly #environment: () => NodeJS.ProcessEnv;

  constructor(options: { name: string; address: string; dir: string; environment: () => NodeJS.ProcessEnv }) {
    this.name = options.name;
    this.address = options.address;
    this.dir = join(options.dir, options.name);
    this.configPath = join(this.dir, 'eipkeeper.yaml');
    this.#environment = options.environment;
    mkdirSync(join(this.dir, 'state'), { recursive: true });
  }

  get socketPath(): string {
    return join(this.dir, 'run', 'control.sock');
  }

  /** A program that needs no port, and that is found by its arguments whatever became of its pid file. */
  get service(): readonly string[] {
    return ['/usr/bin/tail', '-f', join(this.dir, 'page')];
  }

  async servicePids(): Promise<number[]> {
    const title = this.service.join(' ');
    return (await findProcesses((entry) => entry.title === title)).map(({ pid }) => pid);
  }

  write(change: (file: ConfigurationDraft) => void = () => {}): void {
    change(this.file);
    writeFileSync(this.configPath, stringify(this.file));
  }

  start(environment: Readonly<Record<string, string>> = {}): ChildProcess {
    const daemon = spawn(process.execPath, [PROGRAM, 'run', '--config', this.configPath], {
      env: { ...this.#environment(), NODE_COMPILE_CACHE: COMPILE_CACHE, JOURNAL_STREAM: '', ...environment },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let rest = '';
    daemon.stderr?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      this.log += lines.map((line) => `${messageOf(line)}\n`).join('');
    });
    this.daemon = daemon;
    return daemon;
  }

  /** The exit code of its daemon, once it ended by itself or by `signal`; null: a signal ended it. */
  async ended(signal?: NodeJS.Signals): Promise<number | null> {
    const { daemon } = this;
    if (daemon === null) throw new Error(`${this.name} has no daemon`);
    const over = once(daemon, 'close');
    if (signal !== undefined) daemon.kill(signal);
    await over;
    return daemon.exitCode;
  }

  get runs(): boolean {
    return this.daemon !== null && this.daemon.exitCode === null && this.daemon.signalCode === null;
  }

  /** Starts and waits for the end: for what is refused. */
  async startRefused(environment: Readonly<Record<string, string>> = {}): Promise<CommandResult> {
    const before = this.log.length;
    this.start(environment);
    const code = await this.ended();
    return { code: code ?? -1, output: this.log.slice(before) };
  }

  command(...words: readonly string[]): Promise<CommandResult> {
    return runCommand([...words, '--config', this.configPath], this.#environment());
  }

  /** Asked from this process: what is asked again and again must not cost a process each time. */
  status(): Promise<StatusSnapshot> {
    return new ControlClient({ path: this.socketPath }).status();
  }

  /** The status as an operator reads it. */
  async page(): Promise<string> {
    return statusText(await this.status());
  }

  /** Waits until it has logged this. */
  async says(wanted: string | RegExp): Promise<void> {
    const said = async () => (typeof wanted === 'string' ? this.log.includes(wanted) : wanted.test(this.log));
    await until(`${this.name} to say ${wanted}`, said).catch((error: Error) => {
      throw new Error(`${error.message}; it said:\n${this.log}`);
    });
  }
}

/** Two real daemons on loopback with an AWS of their own. Nothing of it needs root or leaves this machine. */
export class LoopbackCluster {
  readonly aws: AwsEmulator;
  readonly main: LoopbackNode;
  readonly aux: LoopbackNode;
  readonly stranger: LoopbackNode;
  readonly dir = mkdtempSync(join(tmpdir(), 'eipkeeper-bad-'));
  readonly #settings: ClusterSettings;
  publicIp = '';
  allocationId = '';

  constructor(settings: ClusterSettings = {}) {
    this.#settings = settings;
    this.aws = new AwsEmulator({
      nodes: [
        { name: 'main', privateIp: '127.44.1.11' },
        { name: 'aux', privateIp: '127.44.1.12' },
        // An instance that no file names, unless a test gives it somebody's name.
        { name: 'stranger', privateIp: '127.44.1.13' },
      ],
      ...settings.emulator,
    });
    const make = (name: string, address: string) =>
      new LoopbackNode({ name, address, dir: this.dir, environment: () => this.aws.environmentOf(name) });
    this.main = make('main', '127.44.1.11');
    this.aux = make('aux', '127.44.1.12');
    this.stranger = make('stranger', '127.44.1.13');
  }

  get nodes(): readonly LoopbackNode[] {
    return [this.main, this.aux];
  }

  get #all(): readonly LoopbackNode[] {
    return [...this.nodes, this.stranger];
  }

  /** Writes the files and starts AWS; the daemons are started by the test. */
  async start(): Promise<void> {
    await this.aws.start();
    ({ allocationId: this.allocationId, publicIp: this.publicIp } = this.aws.cloud.allocate());
    writeFileSync(join(this.dir, 'key'), 'ab'.repeat(32), { mode: 0o600 });
    const port = await freeUdpPort(this.main.address);
    for (const node of this.#all) {
      writeFileSync(join(node.dir, 'page'), `${node.name}\n`);
      Object.assign(node.file, this.#draft(node, port));
      node.write((file) => this.#settings.configure?.(file, node));
    }
  }

  /** Both daemons, main leading with the address and its program. */
  async startServing(): Promise<void> {
    this.main.start();
    // Else the one that a busy machine starts first may be the other.
    await this.main.says('main runs');
    this.aux.start();
    await this.serves('main');
    await this.aux.says('leader main');
  }

  async serves(name: 'main' | 'aux'): Promise<void> {
    await until(`the address on ${name}`, async () => this.holder() === name);
    await this[name].says(/address \S+ is on /);
    await until(`the program on ${name}`, async () => (await this[name].servicePids()).length === 1);
  }

  holder(): string {
    return this.aws.cloud.holderOf(this.publicIp)?.node ?? '';
  }

  /** How often the address was asked to move. */
  moves(): number {
    return this.aws.journal.count({ call: 'AssociateAddress' });
  }

  /**
   * What must stay as it is, whatever was refused: the place of the address and the very process that serves.
   * `pids`: where the address is. What a standby has prepared it keeps for a while, and then stops (rule 14).
   */
  async service(): Promise<{ holder: string; moves: number; pids: readonly number[] }> {
    const holder = this.holder();
    const pids = await this.nodes.find(({ name }) => name === holder)?.servicePids();
    return { holder, moves: this.moves(), pids: pids ?? [] };
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.filter(({ runs }) => runs).map((node) => node.ended('SIGKILL')));
    await this.aws.close();
    // What a daemon began just before it was killed shows only at a later look.
    for (let left = await this.#leftovers(); left.length > 0; left = await this.#leftovers()) {
      for (const pid of left) killIfThere(pid);
      await sleep(20);
    }
    for (const node of this.#all) await leaveCgroups(node);
    rmSync(this.dir, { recursive: true, force: true });
  }

  async #leftovers(): Promise<number[]> {
    const found = await findProcesses(({ title }) => title.includes(`${this.dir}/`));
    return found.map(({ pid }) => pid);
  }

  #draft(node: LoopbackNode, port: number): ConfigurationDraft {
    const nodes = this.nodes.map(({ name, address }) => [
      name,
      { address, instanceId: this.aws.cloud.instanceOf(name).instanceId },
    ]);
    return {
      cluster: `bad-${process.pid}-${port}`,
      key: { file: join(this.dir, 'key') },
      port,
      timings: { ...CALM },
      nodes: Object.fromEntries(nodes),
      groups: {
        web: {
          nodes: ['main', 'aux'],
          failback: 'manual',
          resources: [
            { exec: { name: 'page', run: [...node.service] } },
            { 'elastic-ip': { allocationId: this.allocationId } },
          ],
        },
      },
      // All nodes are on one machine, whose port only one of them could have.
      http: 'off',
      stateDirectory: join(node.dir, 'state'),
      socket: { path: node.socketPath },
    };
  }
}

/** For what takes a daemon a moment. */
export const until = (what: string, holds: () => Promise<boolean>): Promise<unknown> =>
  waitFor(what, holds, WAIT);

/** Tests that wait more than they work: each has a cluster of its own, written but not started. */
export const clusterTest = test.extend<{
  settings: ClusterSettings;
  cluster: LoopbackCluster;
  main: LoopbackNode;
  aux: LoopbackNode;
}>({
  settings: {},
  cluster: async ({ settings }, use) => {
    const cluster = new LoopbackCluster(settings);
    await cluster.start();
    await use(cluster);
    await cluster.close();
  },
  main: async ({ cluster }, use) => use(cluster.main),
  aux: async ({ cluster }, use) => use(cluster.aux),
});

/** One command line, as a process. */
export async function runCommand(
  words: readonly string[],
  env: NodeJS.ProcessEnv,
  user: { readonly uid?: number; readonly gid?: number } = {},
): Promise<CommandResult> {
  const child = spawn(process.execPath, [PROGRAM, ...words], {
    env: { ...env, NODE_COMPILE_CACHE: COMPILE_CACHE },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...user,
  });
  let output = '';
  const take = (text: string) => {
    output += text;
  };
  child.stdout.setEncoding('utf8').on('data', take);
  child.stderr.setEncoding('utf8').on('data', take);
  const [code] = await once(child, 'close');
  return { output, code: Number(code) };
}

async function freeUdpPort(address: string): Promise<number> {
  const socket = createSocket('udp4');
  socket.bind(0, address);
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}

/** Those of exclusive groups stay as long as a guard does. */
async function leaveCgroups(node: LoopbackNode): Promise<void> {
  const duties = new GuardFolder(join(node.dir, 'run', 'guard')).readDuties();
  for (const { cgroup } of Object.values(duties?.groups ?? {})) {
    await waitFor(`${cgroup} to be empty`, async () => !isPopulated(cgroup), WAIT);
    removeCgroup(cgroup);
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended between the look and the signal.
  }
}

function messageOf(line: string): string {
  try {
    const { msg, err } = JSON.parse(line) as { msg?: unknown; err?: { message?: string } };
    return err === undefined ? String(msg) : `${String(msg)}: ${err.message}`;
  } catch {
    return line;
  }
}
