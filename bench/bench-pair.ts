import { mkdir, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '../test/support/netns/client.ts';
import { type Cluster, startCluster } from '../test/support/netns/cluster.ts';
import type { NodeProcess } from '../test/support/netns/node-machine.ts';
import { waitFor } from '../test/support/netns/wait-for.ts';
import type { Profile } from './options.ts';

/** By preference; the names that the nginx of each answers with. */
export const WHOM = { main: 'node_1', aux: 'node_2' } as const;
export type NodeName = keyof typeof WHOM;
export const otherOf = (node: NodeName): NodeName => (node === 'main' ? 'aux' : 'main');

/** What of `eipkeeper status --output json` is used here. */
interface Status {
  readonly nodes: readonly { readonly name: string; readonly state: string }[];
  readonly groups: readonly {
    readonly leader: string | null;
    readonly authority: { readonly held: boolean; readonly source: string };
    readonly address: { readonly here: boolean };
  }[];
}

const SETTLED_WITHIN_MS = 60_000;
/** Of the default profile; a quiet of this length is two of its deadtimes, and more of the others. */
const QUIET_MS = 2_000;

/** Two nodes with the bundled daemon, real nginx, and an API that is as slow as EC2. */
export class BenchPair {
  readonly cluster: Cluster;
  readonly program: string;
  readonly pids: Partial<Record<NodeName, number>> = {};
  readonly #daemons = new Map<NodeName, NodeProcess>();

  constructor(cluster: Cluster, program: string) {
    this.cluster = cluster;
    this.program = program;
  }

  static async start(options: { endpoint: string; program: string; profile: Profile }): Promise<BenchPair> {
    const { endpoint, program, profile } = options;
    // Moves happen when they are measured, and at no other time.
    const cluster = await startCluster({ endpoint, profile, group: { failback: 'manual' } });
    return new BenchPair(cluster, program);
  }

  async startDaemon(node: NodeName): Promise<NodeProcess> {
    const machine = this.cluster.node(node);
    // By its first line, as it is installed: that names the flags that Node runs with.
    const line = [this.program, 'run', '--config', machine.configPath];
    const daemon = await machine.start('eipkeeper', line);
    this.pids[node] = daemon.pid;
    this.#daemons.set(node, daemon);
    return daemon;
  }

  /**
   * Two daemons that know of nothing before, in witness or state file, with the service as it is: from the third
   * takeover in an hour on each would wait longer by rule 15.
   */
  async forgetThePast(leader: NodeName): Promise<void> {
    for (const daemon of this.#daemons.values()) {
      daemon.signal('SIGKILL');
      await daemon.exited;
    }
    await this.command(leader, 'destroy', '--yes', '--force');
    for (const { stateDirectory } of this.cluster.nodes) {
      await rm(stateDirectory, { recursive: true, force: true });
      await mkdir(stateDirectory);
    }
    await this.startDaemon(leader);
    await this.startDaemon(otherOf(leader));
  }

  /** An operator's command; throws when it fails. */
  command(node: NodeName, ...args: readonly string[]): Promise<string> {
    const machine = this.cluster.node(node);
    const line = [process.execPath, this.program, ...args, '--config', machine.configPath];
    return machine.run(line, { timeoutMs: 60_000 });
  }

  /**
   * Waits until nothing is left of the move before: `leader` leads by grants (every lease is renounced) and has
   * the address, all nodes are online, its nginx answers and the standby's is stopped again, as configured.
   */
  async settle(leader: NodeName): Promise<void> {
    const standby = otherOf(leader);
    await waitFor(`${leader} to lead a settled pair`, () => this.#isSettled(leader, standby), {
      withinMs: SETTLED_WITHIN_MS,
      everyMs: 500,
    });
    await sleep(QUIET_MS);
  }

  async startClient(leader: NodeName): Promise<Client> {
    const client = await this.cluster.startClient();
    await client.waitForAnswerBy(WHOM[leader], { withinMs: 10_000 });
    return client;
  }

  async #isSettled(leader: NodeName, standby: NodeName): Promise<boolean> {
    // First what is cheap: the command line starts a whole Node.
    if (!(await this.#servesLocally(leader)) || (await this.#servesLocally(standby))) return false;
    const status = JSON.parse(await this.command(leader, 'status', '--output', 'json')) as Status;
    const group = status.groups[0];
    return (
      group?.leader === leader &&
      group.authority.source === 'grants' &&
      group.address.here &&
      status.nodes.every(({ state }) => state === 'online')
    );
  }

  #servesLocally(node: NodeName): Promise<boolean> {
    return this.cluster
      .node(node)
      .run(['curl', '-sf', '-m', '1', 'http://127.0.0.1/health'])
      .then(
        () => true,
        () => false,
      );
  }

  async printLogs(): Promise<void> {
    for (const node of this.cluster.nodes) console.error(`--- ${node.name}\n${await node.log('eipkeeper')}`);
  }
}
