import { hostname, networkInterfaces } from 'node:os';
import { Imds, type InstanceIdentity } from '../cloud/imds.ts';
import type { MachineFacts } from '../config/node-identity.ts';

/** What this machine is: the word of the metadata service, and what the machine itself knows. */
export interface Machine {
  readonly identity: InstanceIdentity;
  readonly facts: MachineFacts;
  /** The interface that has a private address; null when none of this instance's has it. */
  findInterface(privateAddress: string, signal: AbortSignal): Promise<string | null>;
  /** One value of the metadata, asked for once; null when there is none. Throws ImdsError. */
  readMetadata(path: string, signal: AbortSignal): Promise<string | null>;
  /** The subnet of one of this instance's interfaces; null when the metadata does not tell. */
  subnetOf(networkInterfaceId: string, signal: AbortSignal): Promise<string | null>;
  /** The IPv4 network of that subnet, "10.0.0.0/24"; null when the metadata does not tell. */
  networkOf(networkInterfaceId: string, signal: AbortSignal): Promise<string | null>;
  close(): Promise<void>;
}

/** Early in the boot the service may refuse; longer than this systemd may as well start the daemon anew. */
const RETRY_FOR_MS = 30_000;

/** Throws ImdsError, after `retryForMs` at most; `say` hears what it waits for meanwhile. Nothing of it is kept on disk: an image of this machine would wake up with a wrong name. */
export async function readMachine(
  environment: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
  say: (sentence: string) => void,
  retryForMs = RETRY_FOR_MS,
): Promise<Machine> {
  const onRetry = ({ message }: Error) =>
    say(`${message}; it is asked again for ${retryForMs / 1000} s, and nothing is started meanwhile`);
  const imds = new Imds({ environment, retryForMs, onRetry });
  try {
    const identity = await imds.readIdentity(signal);
    const addresses = [...new Set([...identity.privateAddresses, ...localAddresses()])];
    return {
      identity,
      facts: { instanceId: identity.instanceId, addresses, hostname: hostname() },
      findInterface: (privateAddress, lookSignal) =>
        findInterface(imds, identity, privateAddress, lookSignal),
      readMetadata: (path, readSignal) => imds.read(path, readSignal, 0),
      subnetOf: (id, lookSignal) => ofInterface(imds, id, 'subnet-id', lookSignal),
      networkOf: (id, lookSignal) => ofInterface(imds, id, 'subnet-ipv4-cidr-block', lookSignal),
      close: () => imds.close(),
    };
  } catch (error) {
    await imds.close();
    throw error;
  }
}

/** The primary interface in the usual case; the others are asked for only when it is none of its addresses. */
async function findInterface(
  imds: Imds,
  identity: InstanceIdentity,
  privateAddress: string,
  signal: AbortSignal,
): Promise<string | null> {
  if (identity.privateAddresses.includes(privateAddress)) return identity.networkInterfaceId;
  for (const base of await interfacePaths(imds, signal)) {
    const addresses = ((await imds.read(`${base}/local-ipv4s`, signal)) ?? '').split(/\s+/);
    if (addresses.includes(privateAddress)) return imds.read(`${base}/interface-id`, signal);
  }
  return null;
}

async function ofInterface(
  imds: Imds,
  networkInterfaceId: string,
  value: string,
  signal: AbortSignal,
): Promise<string | null> {
  for (const base of await interfacePaths(imds, signal)) {
    const id = await imds.read(`${base}/interface-id`, signal);
    if (id === networkInterfaceId) return imds.read(`${base}/${value}`, signal);
  }
  return null;
}

async function interfacePaths(imds: Imds, signal: AbortSignal): Promise<readonly string[]> {
  const listed = (await imds.read('network/interfaces/macs/', signal)) ?? '';
  const macs = listed.split('\n').map((line) => line.trim().replace(/\/$/, ''));
  return macs.filter((mac) => mac !== '').map((mac) => `network/interfaces/macs/${mac}`);
}

function localAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter((address) => !address.internal)
    .map(({ address }) => address);
}
