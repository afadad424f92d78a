/**
 * The world of the demo, all of it on loopback and below one temporary folder: an AWS of its own, two machines
 * with their daemons, a cable for their heartbeats, the Elastic IP as a local port, and a client that never
 * stops asking.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { AwsEmulator } from '../emulator/aws-emulator.ts';
import { Forwarder } from '../forwarder.ts';
import { UdpRelay } from '../udp-relay.ts';
import { waitUntil } from '../wait-until.ts';
import { DemoMachine } from './demo-machine.ts';
import { freePort } from './free-port.ts';
import { endMarked, killMarked } from './marked-processes.ts';
import {
  type ClusterPlan,
  type NodePlan,
  nodeConfiguration,
  type ProfileName,
  socketPathOf,
} from './node-configuration.ts';
import { SteadyClient } from './steady-client.ts';

const ADDRESSES = { main: '127.0.0.11', aux: '127.0.0.12' } as const;
export type NodeName = keyof typeof ADDRESSES;
/** In the order of preference. */
export const NODE_NAMES: readonly NodeName[] = ['main', 'aux'];
export const otherOf = (node: NodeName): NodeName => (node === 'main' ? 'aux' : 'main');

/** A socket path has room for 107 bytes. */
const FOLDER_BYTES_MAX = 60;

/** What a daemon may take until it answers, on a busy machine. */
const START_MS = 10_000;

/** What EC2 and SSM take for their answers, so that a takeover lasts as long as it would in a Region. */
const AWS_DELAYS = [
  { service: 'ec2', call: 'AssociateAddress', beforeMs: 300, afterMs: 300 },
  { service: 'ec2', call: 'DescribeAddresses', beforeMs: 75, afterMs: 75 },
  { service: 'ec2', call: 'DescribeInstances', beforeMs: 75, afterMs: 75 },
  { service: 'ec2', call: 'DescribeInstanceStatus', beforeMs: 75, afterMs: 75 },
  { service: 'ssm', beforeMs: 50, afterMs: 50 },
] as const;

export interface DemoClusterOptions {
  readonly profile: ProfileName;
}

export class DemoCluster {
  readonly aws = new AwsEmulator({
    nodes: NODE_NAMES.map((name) => ({ name, privateIp: ADDRESSES[name] })),
  });
  readonly profile: ProfileName;
  readonly #runId = `demo-${process.pid}-${randomBytes(3).toString('hex')}`;
  readonly #machines = new Map<NodeName, DemoMachine>();
  readonly #dead = new Set<NodeName>();
  #directory = '';
  #publicIp = '';
  #moves = 0;
  #lastHolder = '';
  #relay: UdpRelay | null = null;
  #forwarder: Forwarder | null = null;
  #client: SteadyClient | null = null;
  #isCut = false;
  #plan: ClusterPlan | null = null;

  constructor({ profile }: DemoClusterOptions) {
    this.profile = profile;
  }

  /** Both daemons run when it resolves, but nobody leads yet. Call close() also when it rejects. */
  async start(): Promise<void> {
    this.#directory = await newDirectory();
    await this.aws.start();
    for (const { service, beforeMs, afterMs, ...call } of AWS_DELAYS) {
      this.aws.faults.inject({ service, ...call, fault: { kind: 'delay', beforeMs, afterMs } });
    }
    const { allocationId, publicIp } = this.aws.cloud.allocate();
    this.#publicIp = publicIp;
    this.aws.cloud.onChange(() => this.#countMoves());
    const port = await freePort(Object.values(ADDRESSES));
    await this.#connectHeartbeats(port);
    await this.#createMachines(port, allocationId);
    this.#forwarder = new Forwarder({ cloud: this.aws.cloud, publicIp, targetPort: port });
    this.#client = new SteadyClient({ port: await this.#forwarder.start() });
    this.#client.start();
    // One after the other: of two that start at the same moment either may be the first to lead, and each
    // demo would begin with another story.
    for (const machine of this.#machines.values()) {
      machine.startDaemon();
      await waitUntil(() => machine.status !== null || machine.complaint !== '', START_MS);
    }
  }

  get directory(): string {
    return this.#directory;
  }

  get publicIp(): string {
    return this.#publicIp;
  }

  /** The node that has the Elastic IP; '' for none. */
  get holder(): string {
    return this.aws.cloud.holderOf(this.#publicIp)?.node ?? '';
  }

  /** How often the Elastic IP went from one node to another. */
  get moves(): number {
    return this.#moves;
  }

  get client(): SteadyClient {
    if (this.#client === null) throw new Error('the demo was not started');
    return this.#client;
  }

  get isCut(): boolean {
    return this.#isCut;
  }

  isDead(node: NodeName): boolean {
    return this.#dead.has(node);
  }

  machine(node: NodeName): DemoMachine {
    const machine = this.#machines.get(node);
    if (machine === undefined) throw new Error('the demo was not started');
    return machine;
  }

  /** Who leads, as the daemons that run see it; null: nobody says that it leads. */
  get leader(): NodeName | null {
    const leads = (node: NodeName) => this.machine(node).status?.groups[0]?.role === 'leading';
    return NODE_NAMES.find(leads) ?? null;
  }

  /** The machine dies as by a power cut: first its cable, or the kernel would still say goodbye for it. */
  async killMachine(node: NodeName): Promise<void> {
    this.aws.cloud.unplug(node);
    this.#dead.add(node);
    await this.machine(node).killAll();
  }

  /** The machine boots again: the daemon runs, the service does not. */
  bringBack(node: NodeName): void {
    this.#dead.delete(node);
    this.aws.cloud.plugIn(node);
    this.machine(node).startDaemon();
  }

  /** The heartbeat path alone: AWS and the clients are reached as before. */
  cutHeartbeats(isCut: boolean): void {
    this.#isCut = isCut;
    if (isCut) this.#relay?.cut();
    else this.#relay?.mend();
  }

  /** In both configuration files; the daemons learn of it by `eipkeeper reload`. */
  async setDeadtime(deadtime: string): Promise<void> {
    if (this.#plan !== null) await this.#writeConfigurations({ ...this.#plan, deadtime });
  }

  /** Ends everything that was started, whatever state it is in; the folder goes unless its logs are wanted. */
  async close({ keepLogs }: { readonly keepLogs: boolean } = { keepLogs: false }): Promise<void> {
    this.#client?.close();
    const closing = [
      ...[...this.#machines.values()].map((machine) => machine.close()),
      endMarked(this.#runId),
      this.#forwarder?.close(),
      this.#relay?.close(),
      this.aws.close(),
    ];
    const results = await Promise.allSettled(closing);
    if (!keepLogs && this.#directory !== '') await rm(this.#directory, { recursive: true, force: true });
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  /** For the last moment of this process: what still runs is killed, without a wait. */
  killNow(): void {
    killMarked(this.#runId);
  }

  #countMoves(): void {
    const { holder } = this;
    if (holder === '' || holder === this.#lastHolder) return;
    if (this.#lastHolder !== '') this.#moves += 1;
    this.#lastHolder = holder;
  }

  async #connectHeartbeats(port: number): Promise<void> {
    const end = (node: NodeName) => ({ node, address: ADDRESSES[node], port });
    this.#relay = new UdpRelay({
      ends: [end('main'), end('aux')],
      isPluggedIn: (node) => !this.aws.cloud.isUnplugged(node),
    });
    await this.#relay.start();
  }

  async #createMachines(port: number, allocationId: string): Promise<void> {
    const keyFile = join(this.#directory, 'key');
    await writeFile(keyFile, randomBytes(32).toString('base64'), { mode: 0o600 });
    const nodes = NODE_NAMES.map((name): NodePlan => {
      const standIn = this.#relay?.standInOf(name) ?? { address: '', port: 0 };
      const { instanceId } = this.aws.cloud.instanceOf(name);
      const directory = join(this.#directory, name);
      const mark = `${this.#runId}/${name}`;
      return { name, directory, instanceId, mark, address: ADDRESSES[name], standIn };
    });
    for (const node of nodes) await mkdir(node.directory, { mode: 0o700 });
    const { profile } = this;
    const plan = { cluster: this.#runId, profile, deadtime: null, nodes, allocationId, keyFile, port };
    await this.#writeConfigurations(plan);
    for (const [index, name] of NODE_NAMES.entries()) {
      const node = nodes[index]!;
      const machine = new DemoMachine({
        name,
        directory: node.directory,
        configPath: configPathOf(node),
        socketPath: socketPathOf(node),
        mark: node.mark,
        environment: this.aws.environmentOf(name),
      });
      this.#machines.set(name, machine);
    }
  }

  async #writeConfigurations(plan: ClusterPlan): Promise<void> {
    this.#plan = plan;
    for (const node of plan.nodes) {
      await writeFile(configPathOf(node), stringify(nodeConfiguration(plan, node)));
    }
  }
}

const configPathOf = ({ directory }: NodePlan): string => join(directory, 'eipkeeper.yaml');

async function newDirectory(): Promise<string> {
  const usual = tmpdir();
  const base = Buffer.byteLength(usual) > FOLDER_BYTES_MAX ? '/tmp' : usual;
  return mkdtemp(join(base, 'eipkeeper-demo-'));
}
