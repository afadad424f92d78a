import { ElasticIpReader } from '../cloud/elastic-ip-reader.ts';
import type { AddressAnswer } from '../import/address-resources.ts';
import { withAws } from './aws-access.ts';
import type { CliIo } from './cli-io.ts';

/** An operator waits for it, and can do without. */
const PATIENCE_MS = 5_000;

/** Which of these addresses are Elastic IPs of the account. Never throws: what EC2 does not say stays open. */
export async function askElasticIps(
  io: CliIo,
  addresses: readonly string[],
): Promise<ReadonlyMap<string, AddressAnswer>> {
  if (addresses.length === 0) return new Map();
  const signal = AbortSignal.timeout(2 * PATIENCE_MS);
  try {
    return await withAws(io, { regionWays: 'AWS_REGION' }, signal, async (clients, region) => {
      const reader = new ElasticIpReader(clients);
      const answers = addresses.map(
        async (address) => [address, await ask(reader, address, region, signal)] as const,
      );
      return new Map(await Promise.all(answers));
    });
  } catch (error) {
    const answer: AddressAnswer = { kind: 'not-asked', reason: (error as Error).message };
    return new Map(addresses.map((address) => [address, answer]));
  }
}

async function ask(
  reader: ElasticIpReader,
  publicAddress: string,
  region: string,
  signal: AbortSignal,
): Promise<AddressAnswer> {
  const bounds = { signal, deadlineMs: PATIENCE_MS };
  const reading = await reader.read({ kind: 'public', publicAddress }, bounds);
  if (reading.status === 'failed') {
    const { failure, reason } = reading.failed;
    return failure === 'gone' ? { kind: 'none', region } : { kind: 'not-asked', reason };
  }
  const { AllocationId } = reading.address;
  return AllocationId === undefined
    ? { kind: 'none', region }
    : { kind: 'elastic-ip', allocationId: AllocationId };
}
