import { randomInt } from 'node:crypto';
import type { Configuration } from '../config/configuration.ts';
import { type HeartbeatKeys, keyVariables, loadKeys } from '../config/key.ts';
import { loadConfiguration } from '../config/load.ts';
import { toCoreConfig } from '../config/to-core.ts';
import type { ControlHandler } from '../control/control-handler.ts';
import { EXIT } from '../control/exit-codes.ts';
import { ControlServer } from '../control/server.ts';
import type { StatusSnapshot } from '../control/status-snapshot.ts';
import type { CommandOutcome } from '../core/effects.ts';
import type { Note } from '../core/notes.ts';
import type { Journal } from '../journal/journal.ts';
import { categoryOf } from '../notify/notification.ts';
import { Notifier } from '../notify/notifier.ts';
import type { Logger } from '../observability/logger.ts';
import { RecentFacts } from '../observability/recent-facts.ts';
import type { SdNotify } from '../observability/sd-notify.ts';
import { sentenceOf } from '../observability/sentences.ts';
import { statusSnapshot } from '../observability/status.ts';
import { withholdFromChildren } from '../resources/process-runner.ts';
import { SsmWitness } from '../witness/ssm-witness.ts';
import { Clock } from './clock.ts';
import { CloudPerformer } from './cloud-performer.ts';
import { amongNodesOf } from './cloud-plan.ts';
import { createJournal } from './create-journal.ts';
import { createRegistrar } from './create-registrar.ts';
import { type DaemonParts, type Environment, statePath } from './daemon-parts.ts';
import { DepartureWatch } from './departure-watch.ts';
import type { CallPerformer } from './effect-runner.ts';
import { addressNames, groupFacts } from './group-facts.ts';
import { HttpFront } from './http-front.ts';
import type { InstanceLock } from './instance-lock.ts';
import { KeyWatch } from './key-watch.ts';
import { LocalHealthWatch } from './local-health.ts';
import { peerAddresses, sessionTimings } from './node-plan.ts';
import { NodeRuntime } from './node-runtime.ts';
import { PlaceWatch } from './occupied-places.ts';
import { createParameterReader } from './parameter-reader.ts';
import { ping } from './ping-probe.ts';
import { PingWatch } from './ping-watch.ts';
import { PublicAddresses } from './public-addresses.ts';
import type { Registrar } from './registrar.ts';
import { reloadDifferences, whyNotLeftOut } from './reload-differences.ts';
import { createServicesPerformer } from './services-performer.ts';
import { StateFile } from './state-file.ts';
import { createWitnessPerformer } from './witness-performer.ts';

export interface RunningNodeOptions {
  readonly parts: DaemonParts;
  readonly source: string;
  readonly version: string;
  readonly environment: Environment;
  readonly log: Logger;
  readonly lock: InstanceLock;
  readonly notify: SdNotify;
  readonly signal: AbortSignal;
  /** The node has ended by itself. */
  readonly end: (code: number, sentence: string) => void;
  readonly crash: (error: unknown) => void;
}

/** What a close may take: a disk or a socket that hangs must not keep the process. */
const CLOSE_AT_MOST_MS = 1_000;
/** What the last notifications may take of it. */
const LAST_NOTICES_AT_MOST_MS = 800;
/** What a daemon that broke down waits for its journal: the step that broke it is in there. */
const LAST_WORDS_AT_MOST_MS = 250;

/** The parts at work: started, reloaded, asked and closed. */
export class RunningNode implements ControlHandler {
  readonly #options: RunningNodeOptions;
  #configuration: Configuration;
  readonly #clock = new Clock();
  readonly #facts = new RecentFacts(() => new Date(this.#clock.wallMs()));
  readonly #addresses: PublicAddresses;
  readonly #cloud: CloudPerformer;
  readonly #stateFile: StateFile;
  readonly #journal: Journal | null;
  readonly #witness: SsmWitness;
  readonly #control: ControlServer;
  readonly #places: PlaceWatch;
  readonly #health: LocalHealthWatch;
  readonly #departure: DepartureWatch;
  readonly #notifier: Notifier;
  readonly #ping: PingWatch;
  readonly #keys: KeyWatch;
  readonly #registrar: Registrar;
  readonly #http: HttpFront;
  readonly #listeners = new Set<() => void>();
  #runtime: NodeRuntime | null = null;

  constructor(options: RunningNodeOptions) {
    this.#options = options;
    const { parts, log } = options;
    const { file } = parts.configuration;
    this.#configuration = parts.configuration;
    this.#witness = new SsmWitness({ clients: parts.clients, prefix: parts.configuration.witnessPrefix });
    this.#addresses = new PublicAddresses(parts.clients, addressNames(parts.configuration));
    this.#cloud = new CloudPerformer({
      self: parts.self,
      clients: parts.clients,
      groups: parts.cloudGroups,
      instanceIdOf: (node) =>
        this.#configuration.file.nodes[node]?.instanceId ?? parts.transport.instanceIdOf(node),
      warn: (sentence) => log.warn(sentence),
    });
    this.#stateFile = new StateFile(statePath(parts.configuration), (sentence) => log.warn(sentence));
    this.#journal = createJournal(options, this.#clock);
    this.#control = new ControlServer({
      path: file.socket.path,
      group: file.socket.group ?? null,
      node: parts.self,
      handler: this,
      onProblem: (sentence) => log.warn(sentence),
    });
    this.#places = new PlaceWatch(parts, this.#cloud, () => this.#health.tell());
    this.#health = new LocalHealthWatch({
      groups: [...parts.chains].map(([name, chain]) => ({
        name,
        validate: (limits) => chain.validate(limits),
        problem: () => parts.guard?.problemOf(name) || this.#places.problemOf(name),
      })),
      generalProblem: () => parts.clients.credentialProblem(),
      onHealth: (health) => this.#runtime?.health(health),
    });
    this.#notifier = new Notifier({
      cluster: file.cluster,
      node: parts.self,
      incarnation: parts.incarnation,
      version: options.version,
      wallMs: () => this.#clock.wallMs(),
      log,
    });
    this.#notifier.use(file.notify, CLOSE_AT_MOST_MS);
    this.#ping = new PingWatch({ probe: ping, onReach: (reach) => this.#runtime?.reach(reach), log });
    this.#keys = new KeyWatch(
      {
        read: () => this.#readKeys(this.#configuration),
        status: () => parts.transport.keys(),
        use: (keys) => parts.transport.setKeys(keys),
        log,
      },
      parts.keys,
    );
    this.#registrar = createRegistrar({
      parts,
      configuration: () => this.#configuration,
      onMoved: () => {
        const moved = this.#registrar.complete(this.#configuration);
        parts.transport.setPeers(peerAddresses(moved));
        this.#use(moved);
      },
      log,
    });
    this.#http = new HttpFront({
      node: this,
      parts,
      journal: this.#journal,
      loop: () => this.#runtime?.loop ?? null,
      startedAtMs: this.#clock.wallMs(),
      log,
    });
    this.#departure = new DepartureWatch({
      read: (path, signal) => parts.machine.readMetadata(path, signal),
      policy: () => this.#configuration.file.instanceNotices,
      wallMs: () => this.#clock.wallMs(),
      onDeparture: (departure) => this.#runtime?.departure(departure),
      log,
    });
  }

  /** Heartbeats first: whatever the peers do not need to hear of this node comes after. Throws TransportError. */
  async start(): Promise<void> {
    const { parts, log, notify, signal } = this.#options;
    parts.guard?.start(() => this.#health.tell());
    await this.#registrar.begin((sentence) => notify.waiting(sentence));
    const saved = await this.#stateFile.read();
    if (signal.aborted) return;
    const runtime = this.#createRuntime(saved);
    this.#runtime = runtime;
    await parts.transport.start({
      onMessage: ({ receivedAtMs, ...delivery }) => {
        const { suspendedMs } = this.#clock.instant();
        runtime.deliver(delivery, { nowMs: receivedAtMs, suspendedMs });
      },
      onNameTaken: (by) => this.#options.end(EXIT.misconfigured, nameTaken(by, parts.self)),
    });
    this.#registrar.start();
    for (const [group, chain] of parts.chains) chain.listen((unwell) => runtime.unwell(group, unwell));
    runtime.start();
    log.info(
      `${parts.self} runs (eipkeeper ${this.#options.version}, cluster ${this.#configuration.file.cluster})`,
    );
    notify.ready(`${parts.self} is starting`);
    this.#health.start();
    this.#places.start();
    this.#departure.start();
    this.#keys.start();
    this.#ping.use(this.#configuration.file.ping);
    this.#addresses.start();
    try {
      await this.#control.start();
    } catch (error) {
      log.error(`commands cannot reach this daemon, it goes on without: ${(error as Error).message}`);
    }
    this.#http.use(this.#configuration);
  }

  /** False when there is nothing yet that could be handed over. */
  stop(mode: 'leave' | 'hold'): boolean {
    if (this.#runtime === null) return false;
    this.#options.notify.stopping();
    void this.#runtime.command({ type: 'stop', mode });
    return true;
  }

  /** Ends everything but the services and the address. */
  async close(): Promise<void> {
    const { parts, lock, notify } = this.#options;
    notify.stopping();
    this.#runtime?.close('the daemon has stopped');
    this.#health.close();
    this.#places.close();
    parts.guard?.close();
    for (const chain of parts.chains.values()) chain.close();
    this.#departure.close();
    this.#keys.close();
    const registrar = this.#registrar.close();
    this.#ping.close();
    this.#addresses.close();
    this.#witness.close();
    const closing = Promise.allSettled([
      registrar,
      parts.transport.close(),
      this.#control.close(),
      this.#http.close(),
      this.#stateFile.settled(),
      this.#journal?.close(),
      this.#notifier.close(LAST_NOTICES_AT_MOST_MS),
      parts.machine.close(),
    ]);
    let timer: NodeJS.Timeout | undefined;
    const enough = new Promise((resolve) => {
      timer = setTimeout(resolve, CLOSE_AT_MOST_MS);
    });
    await Promise.race([closing, enough]);
    clearTimeout(timer);
    parts.clients.close();
    lock.release();
  }

  status(): StatusSnapshot {
    const { parts, version } = this.#options;
    const runtime = this.#runtime;
    if (runtime === null) throw new Error('the node has not started yet');
    return statusSnapshot({
      daemonVersion: version,
      cluster: this.#configuration.file.cluster,
      now: new Date(this.#clock.wallMs()),
      core: runtime.snapshot(),
      links: parts.transport
        .links()
        .map(({ heardMsAgo, ...link }) => ({ ...link, lastHeardMsAgo: heardMsAgo })),
      keys: parts.transport.keys(),
      deadtimeMs: sessionTimings(this.#configuration).deadtimeMs,
      facts: this.#facts,
      registrations: this.#registrar.status(),
      groups: groupFacts(this.#configuration, parts.chains, this.#addresses, this.#cloud),
    });
  }

  async command(command: Parameters<ControlHandler['command']>[0]): Promise<CommandOutcome> {
    if (this.#runtime === null) return { status: 'refused', reason: 'the node is starting' };
    if (command.type === 'stop') this.#options.notify.stopping();
    const outcome = await this.#runtime.command(command);
    // A group that another node leads may still count it.
    const isGone = command.type === 'forget' && outcome.status === 'done' && outcome.reason === '';
    return isGone ? { ...outcome, reason: await this.#registrar.forget(command.node) } : outcome;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async reload(): Promise<CommandOutcome> {
    const { notify, log } = this.#options;
    notify.reloading();
    try {
      const reason = await this.#reload();
      if (reason === '') log.info('the configuration was read again and is in use');
      else log.error(`the configuration was read again and refused, nothing changed: ${reason}`);
      return { status: reason === '' ? 'done' : 'refused', reason };
    } finally {
      notify.reloaded();
    }
  }

  async #reload(): Promise<string> {
    const { parts, source, signal } = this.#options;
    try {
      const readParameter = createParameterReader(parts.clients, signal);
      const wanted = this.#registrar.complete(await loadConfiguration({ source, readParameter }));
      const fixed = reloadDifferences(this.#configuration, wanted, parts.self);
      if (fixed.length > 0) return `these take a restart: ${fixed.join(', ')}`;
      const leftOut = this.#runtime === null ? '' : whyNotLeftOut(wanted, this.#runtime.snapshot());
      if (leftOut !== '') return leftOut;
      const keys = await this.#readKeys(wanted);
      withholdFromChildren(keyVariables(wanted.file));
      // The two that can refuse come first, so that a refusal changes nothing.
      parts.transport.setPeers(peerAddresses(wanted));
      parts.transport.setKeys(keys);
      this.#use(wanted);
      this.#keys.used(keys);
      parts.transport.setTimings(sessionTimings(wanted));
      this.#runtime?.reload(toCoreConfig(wanted, parts.self));
      this.#options.log.level = wanted.file.log.level;
      this.#notifier.use(wanted.file.notify, CLOSE_AT_MOST_MS);
      this.#ping.use(wanted.file.ping);
      this.#http.use(wanted);
      void this.#health.validate();
      void this.#places.look();
      return '';
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  #use(wanted: Configuration): void {
    const { machine, self, cloudGroups } = this.#options.parts;
    this.#cloud.use(amongNodesOf(wanted, self, machine.identity.instanceId, cloudGroups));
    this.#configuration = wanted;
  }

  #readKeys({ file }: Configuration): Promise<HeartbeatKeys> {
    const { parts, environment, signal } = this.#options;
    const readParameter = createParameterReader(parts.clients, signal);
    return loadKeys(file, { readParameter, env: environment, uid: process.getuid?.() ?? 0 });
  }

  /** The loop stands still already, so nothing is decided while it waits. */
  #crash(error: unknown): void {
    const enough = new Promise((resolve) => setTimeout(resolve, LAST_WORDS_AT_MOST_MS));
    void Promise.race([this.#journal?.settled(), enough]).finally(() => this.#options.crash(error));
  }

  #createRuntime(saved: Awaited<ReturnType<StateFile['read']>>): NodeRuntime {
    const { parts, end, notify } = this.#options;
    return new NodeRuntime({
      config: toCoreConfig(this.#configuration, parts.self),
      incarnation: parts.incarnation,
      seed: randomInt(2 ** 32),
      saved,
      clock: this.#clock,
      send: (to, path, message) => parts.transport.send(to, path, message),
      witness: this.#watched(createWitnessPerformer(this.#witness)),
      cloud: this.#cloud.perform,
      services: createServicesPerformer(parts.chains),
      persist: (state) => this.#stateFile.write(state),
      guard: parts.guard,
      journal: this.#journal,
      onNote: (note) => this.#note(note),
      onExit: (code, reason) => end(code, reason),
      onCrash: (error) => this.#crash(error),
      onTurn: () => {
        notify.turnCompleted();
        for (const chain of parts.chains.values()) chain.glance();
      },
      onChange: () => {
        for (const listener of this.#listeners) listener();
      },
    });
  }

  #watched(perform: CallPerformer): CallPerformer {
    return async (call, signal) => {
      const result = await perform(call, signal);
      if (result.type !== 'failed') this.#facts.witnessAnswered();
      return result;
    };
  }

  #note(note: Note): void {
    const { parts, log, notify } = this.#options;
    this.#facts.take(note);
    parts.counters.note(note);
    const { severity, text } = sentenceOf(note, {
      self: parts.self,
      addressOf: (group) => this.#addresses.nameOf(group),
    });
    log[severity](text);
    this.#notifier.notify(note, { severity, text });
    if (categoryOf(note.type) === 'leadership') notify.status(text);
  }
}

const nameTaken = (instanceId: string, self: string): string =>
  `the instance ${instanceId} lives and is ${self} already; this one stops and changes nothing: give it another name, or stop eipkeeper there`;
