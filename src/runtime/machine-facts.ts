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
  close(): Promise<void>;
}

/** Early in the boot the service may refuse; longer than this systemd may as well start the daemon anew. */
const RETRY_FOR_MS = 30_000;

/** Throws ImdsError; `say` hears what it waits for meanwhile. Nothing of it is kept on disk: an image of this machine would wake up with a wrong name. */
export async function readMachine(
  environment: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
  say: (sentence: string) => void,
): Promise<Machine> {
  const onRetry = ({ message }: Error) =>
    say(`${message}; it is asked again for ${RETRY_FOR_MS / 1000} s, and nothing is started meanwhile`);
  const imds = new Imds({ environment, retryForMs: RETRY_FOR_MS, onRetry });
  try {
    const identity = await imds.readIdentity(signal);
    const addresses = [...new Set([...identity.privateAddresses, ...localAddresses()])];
    return {
      identity,
      facts: { instanceId: identity.instanceId, addresses, hostname: hostname() },
      findInterface: (privateAddress, lookSignal) =>
        findInterface(imds, identity, privateAddress, lookSignal),
      readMetadata: (path, readSignal) => imds.read(path, readSignal, 0),
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
  const listed = (await imds.read('network/interfaces/macs/', signal)) ?? '';
  for (const line of listed.split('\n')) {
    const mac = line.trim().replace(/\/$/, '');
    if (mac === '') continue;
    const base = `network/interfaces/macs/${mac}`;
    const addresses = ((await imds.read(`${base}/local-ipv4s`, signal)) ?? '').split(/\s+/);
    if (addresses.includes(privateAddress)) return imds.read(`${base}/interface-id`, signal);
  }
  return null;
}

function localAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter((address) => !address.internal)
    .map(({ address }) => address);
}
