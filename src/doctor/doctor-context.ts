import type { AwsClients } from '../cloud/aws-clients.ts';
import { type Configuration, groupResources } from '../config/configuration.ts';
import { type HeartbeatKeys, loadKeys } from '../config/key.ts';
import { loadConfiguration } from '../config/load.ts';
import { findOwnNode } from '../config/node-identity.ts';
import { registeredNodes, withOwnPlace, withPlaces } from '../config/registered.ts';
import { type ControlClient, ControlError } from '../control/client.ts';
import { EXIT } from '../control/exit-codes.ts';
import type { StatusSnapshot } from '../control/status-snapshot.ts';
import type { GroupName, NodeName } from '../core/types.ts';
import { createChain } from '../resources/create-chain.ts';
import type { ResourceChain } from '../resources/resource-chain.ts';
import { type CloudGroup, planCloud } from '../runtime/cloud-plan.ts';
import { type Environment, newClients } from '../runtime/daemon-parts.ts';
import { type Machine, readMachine } from '../runtime/machine-facts.ts';
import { createParameterReader } from '../runtime/parameter-reader.ts';
import { NodeRegistry, type RegistryReading } from '../witness/node-registry.ts';
import type { Written } from './probe-folder.ts';

export interface DoctorOptions {
  /** A path, or "ssm:/name/of/a/parameter". */
  readonly source: string;
  readonly version: string;
  readonly environment: Environment;
  /** The control socket, where it is not the one of the configuration. */
  readonly connect: () => Promise<ControlClient>;
  /** The daemon is on its way: its absence is a failure, and its port is left alone. */
  readonly waiting: boolean;
  /** What was written by the looks before this one; of a single look there is none. */
  readonly written?: Written;
  readonly signal: AbortSignal;
}

const READ_TIMEOUT_MS = 5_000;

/**
 * What the checks share, each thing had once and only when somebody asks. A promise that rejects tells what is
 * wrong to the one check that reports on it; the others take it with `needs`.
 */
export class DoctorContext {
  readonly options: DoctorOptions;
  readonly written: Written;
  #machine: Promise<Machine> | null = null;
  #configuration: Promise<Configuration> | null = null;
  #clients: Promise<AwsClients> | null = null;
  #status: Promise<StatusSnapshot | null> | null = null;
  #keys: Promise<HeartbeatKeys> | null = null;
  #cloudGroups: Promise<ReadonlyMap<GroupName, CloudGroup>> | null = null;
  #registry: Promise<RegistryReading> | null = null;
  readonly #closing: (() => void | Promise<void>)[] = [];

  constructor(options: DoctorOptions) {
    this.options = options;
    this.written = options.written ?? new Map();
  }

  get signal(): AbortSignal {
    return this.options.signal;
  }

  /** Rejects with ImdsError. */
  machine(): Promise<Machine> {
    this.#machine ??= this.#readMachine();
    return this.#machine;
  }

  /** Rejects with ConfigError; with ImdsError too when it is in a parameter. */
  configuration(): Promise<Configuration> {
    this.#configuration ??= this.#loadConfiguration();
    return this.#configuration;
  }

  /** Which node this is. Rejects with ConfigError, ImdsError. */
  async self(): Promise<NodeName> {
    const [configuration, machine] = await Promise.all([this.configuration(), this.machine()]);
    return findOwnNode(configuration, machine.facts);
  }

  /** What is registered of the nodes that the file gives no address. Rejects where there are no clients to ask with. */
  registry(): Promise<RegistryReading> {
    this.#registry ??= this.#readRegistry();
    return this.#registry;
  }

  /** The configuration with the addresses of registered nodes, as far as they can be read. */
  async placed(): Promise<Configuration> {
    const [written, self, { identity }] = await Promise.all([
      this.configuration(),
      this.self(),
      this.machine(),
    ]);
    const configuration = withOwnPlace(written, self, identity.privateAddress);
    if (registeredNodes(written).length === 0) return configuration;
    const reading = await this.registry().catch(() => null);
    if (reading?.status !== 'read') return configuration;
    const places = [...reading.entries].flatMap(([name, entry]) =>
      name === self || entry.status !== 'registered' ? [] : [[name, entry.registration] as const],
    );
    return withPlaces(configuration, Object.fromEntries(places));
  }

  clients(): Promise<AwsClients> {
    this.#clients ??= this.#makeClients();
    return this.#clients;
  }

  /** null: no daemon runs here. Rejects with ControlError when there is one that cannot be asked. */
  status(): Promise<StatusSnapshot | null> {
    this.#status ??= this.#askDaemon();
    return this.#status;
  }

  /** Rejects with ConfigError. */
  keys(): Promise<HeartbeatKeys> {
    this.#keys ??= this.#loadKeys();
    return this.#keys;
  }

  /** The addresses of each group that this node may lead, with their place here. Rejects with ConfigError. */
  cloudGroups(): Promise<ReadonlyMap<GroupName, CloudGroup>> {
    this.#cloudGroups ??= this.#planCloud();
    return this.#cloudGroups;
  }

  /** The services of each group that this node may lead. */
  async chains(): Promise<ReadonlyMap<GroupName, ResourceChain>> {
    const [{ file }, self] = await Promise.all([this.configuration(), this.self()]);
    const led = Object.entries(file.groups).filter(([, { nodes }]) => nodes.includes(self));
    return new Map(
      led.map(([group, settings]) => {
        const { kind, standbyServices } = settings;
        const resources = groupResources(settings).services;
        const quiet = { onBlind: () => {}, onWarning: () => {}, runDir: file.stateDirectory };
        return [group, createChain({ group, kind, standbyServices, resources, ...quiet })];
      }),
    );
  }

  async close(): Promise<void> {
    for (const close of this.#closing) await close();
  }

  async #readMachine(): Promise<Machine> {
    const { environment, signal } = this.options;
    const machine = await readMachine(environment, signal, () => {}, 0);
    this.#closing.push(() => machine.close());
    return machine;
  }

  async #loadConfiguration(): Promise<Configuration> {
    const { source, signal } = this.options;
    if (!source.startsWith('ssm:')) return loadConfiguration({ source });
    const { identity } = await this.machine();
    const clients = newClients(this.options, identity, null);
    try {
      return await loadConfiguration({ source, readParameter: createParameterReader(clients, signal) });
    } finally {
      clients.close();
    }
  }

  async #makeClients(): Promise<AwsClients> {
    const [configuration, { identity }] = await Promise.all([this.configuration(), this.machine()]);
    const clients = newClients(this.options, identity, configuration);
    this.#closing.push(() => clients.close());
    return clients;
  }

  async #askDaemon(): Promise<StatusSnapshot | null> {
    const client = await this.options.connect();
    try {
      return await client.status();
    } catch (error) {
      const absent = error instanceof ControlError && error.exitCode === EXIT.unavailable;
      if (absent && isAbsence(error.cause)) return null;
      throw error;
    }
  }

  async #loadKeys(): Promise<HeartbeatKeys> {
    const { file } = await this.configuration();
    // A key in a file needs neither metadata nor a way to SSM.
    const readParameter: ReturnType<typeof createParameterReader> = async (name, how) =>
      createParameterReader(await this.clients(), this.signal)(name, how);
    const { environment: env } = this.options;
    return loadKeys(file, { readParameter, env, uid: process.getuid?.() ?? 0 });
  }

  async #readRegistry(): Promise<RegistryReading> {
    const [configuration, clients] = await Promise.all([this.configuration(), this.clients()]);
    const registry = new NodeRegistry({ clients, prefix: configuration.witnessPrefix });
    const bounds = { signal: this.signal, deadlineMs: READ_TIMEOUT_MS };
    return registry.read(registeredNodes(configuration), bounds);
  }

  async #planCloud(): Promise<ReadonlyMap<GroupName, CloudGroup>> {
    const [configuration, self, machine] = await Promise.all([this.placed(), this.self(), this.machine()]);
    return planCloud(configuration, self, machine, this.signal);
  }
}

/** Nobody listens, in contrast to somebody who does not answer. */
function isAbsence(cause: unknown): boolean {
  return ['ENOENT', 'ECONNREFUSED'].includes((cause as NodeJS.ErrnoException | undefined)?.code ?? '');
}
