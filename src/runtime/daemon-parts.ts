import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AwsClients } from '../cloud/aws-clients.ts';
import { type Configuration, groupResources } from '../config/configuration.ts';
import { type HeartbeatKeys, keyVariables, loadKeys } from '../config/key.ts';
import { loadConfiguration } from '../config/load.ts';
import { findOwnNode } from '../config/node-identity.ts';
import { withOwnPlace } from '../config/registered.ts';
import type { GroupName, Incarnation, NodeName } from '../core/types.ts';
import type { Logger } from '../observability/logger.ts';
import { EventCounters } from '../observability/metrics/event-counters.ts';
import { createChain } from '../resources/create-chain.ts';
import { withholdFromChildren } from '../resources/process-runner.ts';
import type { ResourceChain } from '../resources/resource-chain.ts';
import { UdpTransport } from '../wire/udp-transport.ts';
import { type CloudGroup, planCloud } from './cloud-plan.ts';
import { GuardKeeper, guardDirectory } from './guard-keeper.ts';
import { type Machine, readMachine } from './machine-facts.ts';
import { peerAddresses, sessionTimings } from './node-plan.ts';
import { createParameterReader } from './parameter-reader.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface PartsOptions {
  readonly source: string;
  readonly version: string;
  readonly environment: Environment;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** What a daemon is made of before it runs. */
export interface DaemonParts {
  readonly configuration: Configuration;
  readonly machine: Machine;
  readonly self: NodeName;
  readonly incarnation: Incarnation;
  readonly clients: AwsClients;
  readonly keys: HeartbeatKeys;
  readonly chains: ReadonlyMap<GroupName, ResourceChain>;
  /** null: this node may lead no exclusive group. */
  readonly guard: GuardKeeper | null;
  readonly cloudGroups: ReadonlyMap<GroupName, CloudGroup>;
  readonly transport: UdpTransport;
  readonly counters: EventCounters;
}

/** Reads what is needed to be a node. Throws ConfigError, ImdsError; starts nothing that outlives a failure. */
export async function prepareParts(options: PartsOptions): Promise<DaemonParts> {
  const { environment, signal, log } = options;
  // Side by side: the metadata service may take its time while the file is wrong.
  const reading = readMachine(environment, signal, (sentence) => log.warn(sentence));
  reading.catch(() => {});
  const fromFile = options.source.startsWith('ssm:') ? null : await loadConfiguration(options);
  const machine = await reading;
  let clients: AwsClients | null = null;
  try {
    const written = fromFile ?? (await loadFromSsm(options, machine));
    const self = findOwnNode(written, machine.facts);
    const configuration = withOwnPlace(written, self, machine.identity.privateAddress);
    withholdFromChildren(keyVariables(configuration.file));
    const counters = new EventCounters();
    clients = newClients(options, machine.identity, configuration, counters);
    clients.start();
    const readParameter = createParameterReader(clients, signal);
    const uid = process.getuid?.() ?? 0;
    const [keys, cloudGroups] = await Promise.all([
      loadKeys(configuration.file, { readParameter, env: environment, uid }),
      planCloud(configuration, self, machine, signal),
      prepareDirectory(configuration.file.stateDirectory),
    ]);
    const incarnation = randomBytes(8).toString('hex') as Incarnation;
    const guard = newGuardKeeper(configuration, self, options);
    return {
      configuration,
      machine,
      self,
      incarnation,
      clients,
      keys,
      chains: createChains(configuration, guard, log),
      guard,
      cloudGroups,
      transport: newTransport({ configuration, self, incarnation, machine, keys, log }),
      counters,
    };
  } catch (error) {
    clients?.close();
    await machine.close();
    throw error;
  }
}

async function loadFromSsm(options: PartsOptions, machine: Machine): Promise<Configuration> {
  const clients = newClients(options, machine.identity, null);
  try {
    const readParameter = createParameterReader(clients, options.signal);
    return await loadConfiguration({ source: options.source, readParameter });
  } finally {
    clients.close();
  }
}

/** In the Region of the configuration, else of the environment, else of the instance. */
export function newClients(
  { environment, version }: Pick<PartsOptions, 'environment' | 'version'>,
  identity: { readonly region: string },
  configuration: Configuration | null,
  counters?: EventCounters,
): AwsClients {
  const { region, endpoint } = configuration?.file.aws ?? {};
  return new AwsClients({
    region: region ?? environment.AWS_REGION ?? identity.region,
    version,
    environment: endpoint === undefined ? environment : { ...environment, AWS_ENDPOINT_URL: endpoint },
    onCall: (operation, result, tookMs) => counters?.apiCall(operation, result, tookMs),
  });
}

function createChains(
  { file }: Configuration,
  guard: GuardKeeper | null,
  log: Logger,
): ReadonlyMap<GroupName, ResourceChain> {
  const chains = new Map<GroupName, ResourceChain>();
  for (const [group, settings] of Object.entries(file.groups)) {
    const resources = groupResources(settings).services;
    const { kind, standbyServices } = settings;
    const onBlind = (resource: string, reason: string) =>
      reason === ''
        ? log.info(`${group}: the monitor of ${resource} works again`)
        : log.warn(`${group}: how ${resource} is, is not known; nothing is done about it: ${reason}`);
    const onWarning = (warning: string) => log.warn(`${group}: ${warning}`);
    const runDir = file.stateDirectory;
    const confinement = guard?.confinement(group) ?? null;
    const settingsOfChain = { group, kind, standbyServices, resources, runDir, confinement };
    chains.set(group, createChain({ ...settingsOfChain, onBlind, onWarning }));
  }
  return chains;
}

function newGuardKeeper(
  { file }: Configuration,
  self: NodeName,
  { environment, log }: PartsOptions,
): GuardKeeper | null {
  const guarded = Object.entries(file.groups).filter(
    ([, { kind, nodes }]) => kind === 'exclusive' && nodes.includes(self),
  );
  if (guarded.length === 0) return null;
  const groups = Object.fromEntries(
    guarded.map(([group, settings]) => {
      const { services } = groupResources(settings);
      return [group, { resources: services, runDir: file.stateDirectory }];
    }),
  );
  const directory = guardDirectory(file.socket.path, environment);
  return new GuardKeeper({ directory, groups, environment, log });
}

interface TransportParts {
  readonly configuration: Configuration;
  readonly self: NodeName;
  readonly incarnation: Incarnation;
  readonly machine: Machine;
  readonly keys: HeartbeatKeys;
  readonly log: Logger;
}

function newTransport(parts: TransportParts): UdpTransport {
  const { configuration, self, incarnation, machine, keys, log } = parts;
  const peers = peerAddresses(configuration);
  return new UdpTransport({
    self: { name: self, incarnation, instanceId: machine.identity.instanceId },
    paths: peers[self] ?? [],
    peers,
    groups: Object.keys(configuration.file.groups),
    keys,
    timings: sessionTimings(configuration),
    log,
  });
}

/** A missing or full disk stops nothing: whoever writes there copes with it and says so. */
async function prepareDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 }).catch(() => {});
}

export const statePath = ({ file }: Configuration): string => join(file.stateDirectory, 'state.json');

/** Where the other nodes were, by the registry as it was read last. */
export const registrationsPath = ({ file }: Configuration): string =>
  join(file.stateDirectory, 'registrations.json');
