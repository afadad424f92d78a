import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import { ControlClient } from '../../../src/control/client.ts';
import type { ControlRequestInput, ControlResult } from '../../../src/control/protocol.ts';
import type { GroupStatus, StatusSnapshot } from '../../../src/control/status-snapshot.ts';
import type { ApiFault } from '../../support/netns/api-fault.ts';
import type { Client } from '../../support/netns/client.ts';
import { type Cluster, type ClusterNode, startCluster } from '../../support/netns/cluster.ts';
import { daemonLine } from '../../support/netns/daemon.ts';
import { monotonicMs } from '../../support/netns/monotonic.ts';
import type { NodeProcess } from '../../support/netns/node-machine.ts';
import type { Availability } from '../../support/netns/request-result.ts';
import type { StarvationGauge } from '../../support/netns/starvation.ts';
import { waitFor } from '../../support/netns/wait-for.ts';
import { type ConfigDocument, SETUPS, type SetupName } from './setups.ts';
import { freeAddress, releaseAddress, stopInstance } from './support/account.ts';
import { EC2_CALLS, WITNESS_CALLS } from './support/api-calls.ts';
import { nginxMasterLives } from './support/nginx-master.ts';

export interface WorldOptions {
  readonly endpoint: string;
  readonly setup: SetupName;
  /** Whether waits have the full length of the catalogue (`npm run faults`) or a shorter one. */
  readonly full: boolean;
  readonly gauge: StarvationGauge;
  /** The daemon's main file. */
  readonly program: string;
}

/** A running cluster, and everything that a fault's script may do to it. */
export class FaultWorld {
  readonly cluster: Cluster;
  readonly setup: SetupName;
  readonly program: string;
  readonly full: boolean;
  readonly daemons = new Map<string, NodeProcess>();
  readonly counted: Record<string, number> = {};
  readonly #gauge: StarvationGauge;
  #client: Client | null = null;
  #beganMs = 0;
  #movesBefore = 0;
  #callsBefore = 0;
  #addressIsReleased = false;
  #logBefore = new Map<string, number>();
  readonly #healers = new Set<() => void | Promise<void>>();

  private constructor(cluster: Cluster, { setup, program, full, gauge }: WorldOptions) {
    this.cluster = cluster;
    this.setup = setup;
    this.program = program;
    this.full = full;
    this.#gauge = gauge;
  }

  /** Two healthy nodes with main leading. Whatever fails on the way is closed again. */
  static async open(options: WorldOptions): Promise<FaultWorld> {
    const { endpoint, gauge } = options;
    const cluster = await startCluster({ endpoint, gauge, ...SETUPS[options.setup].options });
    const world = new FaultWorld(cluster, options);
    try {
      for (const node of cluster.nodes) await world.rewriteConfig(node.name, world.#setupOf(node));
      // The address begins on main, as it would in an account that was used before.
      await cluster.placeAddress('main');
      await world.#startBoth();
      world.#client = await cluster.startClient();
      await world.rest(60_000);
      // The lease of the first term is renounced when grants have come for a deadtime: a leader that has led for long
      // has none, and what is done to it must not be measured with one.
      await world.sleep(1_500);
      return world;
    } catch (error) {
      await world.printLogs();
      await world.close();
      throw error;
    }
  }

  get client(): Client {
    if (this.#client === null) throw new Error('the client was not started yet');
    return this.#client;
  }

  get beganMs(): number {
    return this.#beganMs;
  }

  /** Moves of the address since `begin`. */
  get moves(): number {
    return this.cluster.address.moves - this.#movesBefore;
  }

  /** The fault begins: what is counted and judged is counted from here. Called before the script; again resets. */
  async begin(): Promise<void> {
    this.#beganMs = monotonicMs();
    this.#movesBefore = this.cluster.address.moves;
    this.#callsBefore = this.cluster.api.calls.length;
    for (const key of Object.keys(this.counted)) delete this.counted[key];
    for (const { name } of this.cluster.nodes) this.#logBefore.set(name, (await this.#wholeLog(name)).length);
  }

  availability(): Promise<Availability> {
    return this.client.availabilitySince(this.#beganMs);
  }

  node(name: string): ClusterNode {
    return this.cluster.node(name);
  }

  /** `wrap`: what the daemon is started by ("unshare …"); the environment of its instance is kept. */
  async startDaemon(
    name: string,
    options: { readonly wrap?: readonly string[]; readonly env?: Readonly<Record<string, string>> } = {},
  ): Promise<NodeProcess> {
    const node = this.node(name);
    const line = [...(options.wrap ?? []), ...daemonLine(node, this.program)];
    const daemon = await node.start('eipkeeper', line, options.env);
    this.daemons.set(name, daemon);
    this.#gauge.watch(name, daemon.pid);
    return daemon;
  }

  stopInstance(name: string): Promise<void> {
    return stopInstance(this.cluster, this.node(name).instanceId);
  }

  /** Gone for good: this cluster is only closed after that. */
  async releaseAddress(): Promise<void> {
    await releaseAddress(this.cluster);
    this.#addressIsReleased = true;
  }

  /** A power cut for all; the address is where it is said. No daemon runs. */
  async bootAgain(options: { readonly address: 'free' | 'as it was' }): Promise<void> {
    for (const { name } of this.cluster.nodes) await this.killNode(name);
    if (options.address === 'free') await freeAddress(this.cluster);
  }

  daemon(name: string): NodeProcess {
    const daemon = this.daemons.get(name);
    if (daemon === undefined) throw new Error(`no daemon was started on ${name}`);
    return daemon;
  }

  /** kill −9 of the controller alone: nginx goes on. */
  async killDaemon(name: string): Promise<void> {
    const daemon = this.daemon(name);
    daemon.signal('SIGKILL');
    await daemon.exited;
  }

  /** The instance dies: kill −9 of everything on it. */
  async killNode(name: string): Promise<void> {
    await this.node(name).killEverything();
  }

  freeze(name: string): void {
    this.daemon(name).signal('SIGSTOP');
    this.onHeal(() => this.daemon(name).signal('SIGCONT'));
  }

  thaw(name: string): void {
    this.daemon(name).signal('SIGCONT');
  }

  /** Heals this fault alone; `heal` does it as well. */
  injectApi(fault: ApiFault): () => void {
    const heal = this.cluster.api.inject(fault);
    this.onHeal(heal);
    return heal;
  }

  witnessFault(fault: Omit<ApiFault, 'call'>): () => void {
    const heals = WITNESS_CALLS.map((call) => this.injectApi({ ...fault, call }));
    return () => {
      for (const heal of heals) heal();
    };
  }

  ec2Fault(fault: Omit<ApiFault, 'call'>): () => void {
    const heals = EC2_CALLS.map((call) => this.injectApi({ ...fault, call }));
    return () => {
      for (const heal of heals) heal();
    };
  }

  /** Only the heartbeats: both ways, or from one node to the other. */
  async cutHeartbeats(
    way: { readonly from?: string; readonly to?: string } = {},
  ): Promise<() => Promise<void>> {
    const heal = await this.cluster.paths.inject({ ...way, heartbeatsOnly: true, lossPercent: 100 });
    this.onHeal(heal);
    return heal;
  }

  /** The node's only link. */
  async cut(name: string): Promise<void> {
    await this.cluster.cut(name);
    this.onHeal(() => this.cluster.mend(name));
  }

  mend(name: string): Promise<void> {
    return this.cluster.mend(name);
  }

  /** Runs when the fault is over, whatever became of its script; healing twice must do no harm. */
  onHeal(healer: () => void | Promise<void>): void {
    this.#healers.add(healer);
  }

  async heal(): Promise<void> {
    for (const healer of [...this.#healers].reverse()) await healer();
    this.#healers.clear();
  }

  // Looking

  status(name: string): Promise<StatusSnapshot> {
    return new ControlClient({ path: this.node(name).socketPath, patienceMs: 10_000 }).status();
  }

  async group(name: string): Promise<GroupStatus> {
    return (await this.status(name)).groups[0]!;
  }

  command(name: string, request: Exclude<ControlRequestInput, { type: 'status' }>): Promise<ControlResult> {
    return new ControlClient({ path: this.node(name).socketPath, patienceMs: 10_000 }).command(request);
  }

  /** A command that is no part of the fault, and must be carried out. */
  async order(name: string, request: Parameters<FaultWorld['command']>[1]): Promise<void> {
    const { status, reason } = await this.command(name, request);
    this.check(status === 'done', `${request.type} on ${name} was ${status}: ${reason}`);
  }

  move(
    target: string,
    options: { readonly on: string; readonly kind?: 'switchover' | 'force'; readonly timeoutMs?: number },
  ) {
    const { on, kind = 'switchover', timeoutMs = 20_000 } = options;
    return this.command(on, { type: 'move', group: 'web', target, kind, timeoutMs });
  }

  /** A switchover that is no part of the fault: asked for again until it is carried out. */
  async bring(target: string): Promise<void> {
    const leads = async () => leadsAndServes(await this.group(target));
    await this.until(
      `the group to be moved to ${target}`,
      async () => {
        if (!(await leads())) await this.move(target, { on: target });
        return leads();
      },
      60_000,
    );
  }

  until<T>(what: string, probe: () => T | Promise<T>, withinMs = 15_000): Promise<NonNullable<T>> {
    return waitFor(what, probe, { withinMs, everyMs: 50 });
  }

  untilServes(name: string, withinMs = 15_000) {
    return this.client.waitForAnswerBy(this.node(name).whom, { withinMs });
  }

  /** Until the node leads, has the address and runs its services, and its peer is ready to take over. */
  async untilLeads(name: string, withinMs = 20_000): Promise<void> {
    await this.until(
      `${name} to lead and serve`,
      async () => leadsAndServes(await this.group(name)),
      withinMs,
    );
  }

  /** main leads, aux hears it and could take over. */
  async rest(withinMs = 20_000): Promise<void> {
    await this.untilLeads('main', withinMs);
    await this.untilServes('main', withinMs);
    await this.until(
      'aux to be a standby that could take over',
      async () => {
        const aux = await this.status('aux');
        const main = await this.group('main');
        const { role, candidates } = aux.groups[0]!;
        const eligible = [...candidates, ...main.candidates].filter((candidate) => candidate.node === 'aux');
        const heard = aux.nodes.some(({ name: peer, state }) => peer === 'main' && state === 'online');
        return (
          role === 'standby' &&
          heard &&
          eligible.every((candidate) => candidate.eligible) &&
          main.authority.source === 'grants'
        );
      },
      withinMs,
    );
  }

  sleep(ms: number): Promise<void> {
    return sleep(ms);
  }

  /** The wait that the catalogue names, in `npm run faults`; a shorter one in the tests. */
  sleepFor(lengths: { readonly fullMs: number; readonly shortMs: number }): Promise<void> {
    return sleep(this.full ? lengths.fullMs : lengths.shortMs);
  }

  /** The API calls since `begin`. */
  calls(filter: { readonly node?: string; readonly call?: string } = {}) {
    return this.cluster.api.calls
      .slice(this.#callsBefore)
      .filter(({ node, call }) => (filter.node ?? node) === node && (filter.call ?? call) === call);
  }

  /** Terms that were created since `begin`, by their creators. */
  termsCreated(node?: string): string[] {
    return this.calls({ call: 'PutParameter', ...(node === undefined ? {} : { node }) })
      .filter(({ body, status }) => body.includes('/term/') && status === 200)
      .map((call) => call.node);
  }

  /** What the daemon logged since `begin`. */
  async log(name: string): Promise<string> {
    return (await this.#wholeLog(name)).slice(this.#logBefore.get(name) ?? 0);
  }

  async logLines(name: string, pattern: RegExp): Promise<number> {
    return (await this.log(name)).split('\n').filter((line) => pattern.test(line)).length;
  }

  /** How often a node that lives was taken for dead, and how often a leader had to renew, since `begin`. */
  async countAlarms(): Promise<void> {
    let dead = 0;
    for (const name of ['main', 'aux']) dead += await this.logLines(name, /taken for dead/);
    this.counted['taken for dead'] = dead;
    this.counted['terms created'] = this.termsCreated().length;
  }

  runsNginx(name: string): Promise<boolean> {
    return nginxMasterLives(this.node(name).directory);
  }

  check(isTrue: boolean, otherwise: string): void {
    if (!isTrue) throw new Error(otherwise);
  }

  async rewriteConfig(name: string, edit: (document: ConfigDocument) => void): Promise<void> {
    const { configPath } = this.node(name);
    const document = parse(await readFile(configPath, 'utf8')) as ConfigDocument;
    edit(document);
    await writeFile(configPath, stringify(document));
  }

  async rewriteNginxConfig(name: string, edit: (text: string) => string): Promise<void> {
    const { nginxConfigPath } = this.node(name);
    await writeFile(nginxConfigPath, edit(await readFile(nginxConfigPath, 'utf8')));
  }

  async printLogs(): Promise<void> {
    for (const { name } of this.cluster.nodes) {
      const log = await this.#wholeLog(name);
      if (log !== '') console.error(`--- ${name}\n${log.slice(-12_000)}`);
    }
  }

  async close(): Promise<void> {
    await this.heal().catch(() => {});
    try {
      await this.cluster.close();
    } catch (error) {
      // The account would release the address as well, and finds it gone.
      const failures = error instanceof AggregateError ? (error.errors as Error[]) : [error as Error];
      const expected = failures.every(({ name }) => name === 'InvalidAllocationID.NotFound');
      if (!this.#addressIsReleased || !expected) throw error;
    }
  }

  /** Who wins the first term is a race; these tests begin with main. */
  async #startBoth(): Promise<void> {
    await this.startDaemon('main');
    await this.until('main to run', () => this.status('main'), 60_000);
    await this.startDaemon('aux');
    await this.until('a leader', async () => (await this.group('aux')).leader, 60_000);
    await this.bring('main');
  }

  readonly #wholeLog = (name: string): Promise<string> => this.node(name).log('eipkeeper');

  #setupOf(node: ClusterNode): (document: ConfigDocument) => void {
    const { configure } = SETUPS[this.setup] as {
      configure?: (document: ConfigDocument, of: ClusterNode) => void;
    };
    return (document) => configure?.(document, node);
  }
}

const leadsAndServes = ({ role, authority, address, resources }: GroupStatus): boolean =>
  role === 'leading' &&
  authority.held &&
  address.here &&
  resources.every(({ type, state }) => type === 'elastic-ip' || state === 'started');
