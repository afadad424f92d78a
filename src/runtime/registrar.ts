import { setTimeout as sleep } from 'node:timers/promises';
import type { Configuration } from '../config/configuration.ts';
import { type NodePlace, registeredNodes, withPlaces } from '../config/registered.ts';
import type { RegistrationStatus } from '../control/status-snapshot.ts';
import type { NodeName } from '../core/types.ts';
import type { NodeRegistry, RegistryReading } from '../witness/node-registry.ts';
import type { Registration } from '../witness/registration-record.ts';
import type { KnownRegistrations } from './known-registrations.ts';
import { OwnRegistration, type Standing } from './own-registration.ts';
import { PeerDirectory, type PeerView, shown } from './peer-directory.ts';

export interface RegistrarOptions {
  readonly self: NodeName;
  /** What this node writes; null: its address is in the file. */
  readonly own: Registration | null;
  readonly paths: number;
  readonly registry: Pick<NodeRegistry, 'read' | 'write' | 'remove'>;
  readonly known: Pick<KnownRegistrations, 'read' | 'write' | 'settled'>;
  readonly configuration: () => Configuration;
  /** Peers that were heard within deadtime. */
  readonly heard: () => ReadonlySet<NodeName>;
  /** How long ago a peer refused this node its name; null: never. */
  readonly refusedMsAgo: () => number | null;
  readonly deadtimeMs: () => number;
  /** A peer is elsewhere: `complete` tells where. */
  readonly onMoved: () => void;
  readonly log: { info(sentence: string): void; warn(sentence: string): void };
  /** From 0 to 1. */
  readonly random?: () => number;
}

const CALL_TIMEOUT_MS = 5_000;
const TICK_MS = 1_000;
const READ_AGAIN_FIRST_MS = 2_000;
const READ_AGAIN_MOST_MS = 10_000;
/** Nodes that lost each other at one moment must not ask at one moment for ever. */
const JITTER = 0.2;
const REFUSALS_LAST_DEADTIMES = 2;
const PATIENCE_LEAST_MS = 2_000;

/**
 * Finds the nodes whose addresses are not in the file, and lets them find this one. The registry is read at the
 * start, and while a registered peer is not heard or this node's own entry does not stand: after 2 s, then less and
 * less, every 10 s. While all is well nothing is read. What it says moves heartbeats and nothing else.
 */
export class Registrar {
  readonly #options: RegistrarOptions;
  readonly #abort = new AbortController();
  readonly #directory: PeerDirectory;
  readonly #own: OwnRegistration | null;
  #timer: NodeJS.Timeout | null = null;
  #greetingSinceMs: number | null = null;
  #evidence = '';
  #pauseMs = READ_AGAIN_FIRST_MS;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #dueMs = Number.NEGATIVE_INFINITY;
  #reading = false;
  #failure = '';

  constructor(options: RegistrarOptions) {
    this.#options = options;
    const { own, registry, log } = options;
    this.#directory = new PeerDirectory(options.paths);
    const write = (registration: Registration, how: { readonly overwrite: boolean }) =>
      registry.write(registration, how, this.#bounds());
    this.#own = own === null ? null : new OwnRegistration({ wanted: own, write, log });
  }

  /**
   * Reads what is registered, before anything else is done. Without SSM it goes on with what was known last; a
   * machine that never knew anything waits, since a node that cannot hear anybody would take all others for dead.
   * `waiting` hears of it again and again.
   */
  async begin(waiting: (sentence: string) => void): Promise<void> {
    if (this.#names().length === 0) return;
    const { known, log, onMoved } = this.#options;
    const before = await known.read();
    if (before !== null) {
      this.#directory.remember(before);
      onMoved();
    }
    let said = '';
    while (!this.#abort.signal.aborted) {
      await this.#read(performance.now());
      if (this.#failure === '' || this.#peers().length === 0) return;
      if (before !== null) return log.warn('it goes on with what was known last of where the others are');
      const peers = this.#peers().join(' and ');
      const sentence = `waits: where ${peers} is, is not known yet, and nothing is started meanwhile: ${this.#failure}`;
      if (sentence !== said) log.warn(sentence);
      said = sentence;
      waiting(sentence);
      await sleep(this.#jittered(READ_AGAIN_MOST_MS), null, { signal: this.#abort.signal }).catch(() => {});
    }
  }

  /** The peers are greeted from now on. */
  start(nowMs: number = performance.now()): void {
    this.#greetingSinceMs = nowMs;
    this.#timer = setInterval(() => void this.look(), TICK_MS);
    this.#timer.unref();
  }

  async close(): Promise<void> {
    this.#abort.abort();
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#options.known.settled();
  }

  /**
   * With the places of the registered nodes, as far as they are known. One that was written with its address until
   * now stays there until its entry is read: a reload must not make this node deaf to it.
   */
  complete(configuration: Configuration): Configuration {
    const places = new Map<NodeName, NodePlace>();
    for (const name of this.#peers(configuration)) {
      const used = this.#options.configuration().file.nodes[name];
      const place = this.#directory.view(name).registration ?? used;
      if (place !== undefined && place.addresses.length > 0) places.set(name, place);
    }
    const own = this.#own?.wanted;
    if (own !== undefined) places.set(own.node, { addresses: own.addresses, port: null });
    return withPlaces(configuration, Object.fromEntries(places));
  }

  /** Never rejects. */
  async look(nowMs: number = performance.now()): Promise<void> {
    const heard = this.#options.heard();
    const wanting = this.#peers().filter((name) => !heard.has(name));
    if (this.#own?.settled === false) wanting.push(this.#options.self);
    const evidence = wanting.join();
    if (evidence !== this.#evidence) {
      this.#evidence = evidence;
      this.#pauseMs = READ_AGAIN_FIRST_MS;
      this.#dueMs = this.#readAtMs + READ_AGAIN_FIRST_MS;
    }
    if (evidence === '' || this.#reading) return;
    if (nowMs < this.#dueMs && !this.#mayTakeName(nowMs)) return;
    this.#pauseMs = Math.min(2 * this.#pauseMs, READ_AGAIN_MOST_MS);
    await this.#read(nowMs);
  }

  /** Removes what a node that is gone for good has left; '' or what an operator should know of it. */
  async forget(node: NodeName): Promise<string> {
    if (!registeredNodes(this.#options.configuration()).includes(node)) return '';
    if (this.#options.heard().has(node)) return '';
    const failed = await this.#options.registry.remove(node, this.#bounds());
    return failed === null ? '' : `its registration stays: ${failed.reason}`;
  }

  status(): RegistrationStatus[] {
    return this.#names().map((node): RegistrationStatus => {
      const { registration, sinceMs, problem } = this.#viewOf(node);
      return {
        node,
        addresses: [...(registration?.addresses ?? [])],
        port: registration?.port ?? null,
        instanceId: registration?.instanceId ?? null,
        since: sinceMs === null ? null : new Date(sinceMs).toISOString(),
        problem: problem || this.#failure,
      };
    });
  }

  #viewOf(node: NodeName): PeerView {
    if (node !== this.#options.self || this.#own === null) return this.#directory.view(node);
    const { settled, wanted, sinceMs, problem } = this.#own;
    return { registration: settled ? wanted : null, sinceMs, problem };
  }

  /** This node's own name is among them while its entry is its own to write. */
  #names(): readonly NodeName[] {
    return registeredNodes(this.#options.configuration());
  }

  #peers(configuration = this.#options.configuration()): NodeName[] {
    return registeredNodes(configuration).filter((name) => name !== this.#options.self);
  }

  async #read(nowMs: number): Promise<void> {
    this.#reading = true;
    this.#readAtMs = nowMs;
    this.#dueMs = nowMs + this.#jittered(this.#pauseMs);
    const reading = await this.#options.registry.read(this.#names(), this.#bounds());
    if (!this.#abort.signal.aborted) await this.#take(reading, nowMs);
    this.#reading = false;
  }

  async #take(reading: RegistryReading, nowMs: number): Promise<void> {
    const { self, log, heard, known, onMoved } = this.#options;
    if (reading.status === 'failed') {
      const { failure, reason } = reading.failed;
      const advice =
        failure === 'denied' ? '; the role needs ssm:GetParameters on the parameters of node/' : '';
      const sentence = `the addresses of registered nodes could not be read: ${reason}${advice}`;
      if (sentence !== this.#failure) log.warn(sentence);
      this.#failure = sentence;
      return;
    }
    if (this.#failure !== '') log.info('the addresses of registered nodes can be read again');
    this.#failure = '';
    const entries = new Map(reading.entries);
    const own = entries.get(self);
    entries.delete(self);
    const before = this.#problems(entries.keys());
    const moved = this.#directory.take(entries, heard());
    for (const [name, problem] of this.#problems(entries.keys())) {
      if (problem !== '' && problem !== before.get(name)) log.warn(`${name}: ${problem}`);
    }
    for (const registration of moved) {
      const { node, instanceId } = registration;
      log.info(`${node} is registered at ${shown(registration)} (${instanceId}): heartbeats go there`);
    }
    known.write(this.#directory.registrations(this.#peers()));
    if (moved.length > 0) onMoved();
    if (own !== undefined) await this.#own?.see(own, this.#standing(nowMs), nowMs);
  }

  #problems(names: Iterable<NodeName>): ReadonlyMap<NodeName, string> {
    return new Map([...names].map((name) => [name, this.#directory.view(name).problem]));
  }

  /** Since the last reading nobody's refusal can stand in the way any more: a newcomer need not wait for the next. */
  #mayTakeName(nowMs: number): boolean {
    if (this.#own?.settled !== false) return false;
    const { unrefusedMs, patienceMs } = this.#standing(nowMs);
    const sinceMs = nowMs - (unrefusedMs - patienceMs);
    return sinceMs <= nowMs && this.#readAtMs < sinceMs;
  }

  #standing(nowMs: number): Standing {
    const { heard, refusedMsAgo, deadtimeMs } = this.#options;
    const greetedForMs = this.#greetingSinceMs === null ? 0 : nowMs - this.#greetingSinceMs;
    return {
      accepted: heard().size > 0,
      unrefusedMs: Math.min(greetedForMs, refusedMsAgo() ?? Number.POSITIVE_INFINITY),
      patienceMs: Math.max(PATIENCE_LEAST_MS, REFUSALS_LAST_DEADTIMES * deadtimeMs()),
    };
  }

  #jittered(pauseMs: number): number {
    return pauseMs * (1 + JITTER * (this.#options.random ?? Math.random)());
  }

  #bounds() {
    return { signal: this.#abort.signal, deadlineMs: CALL_TIMEOUT_MS };
  }
}
