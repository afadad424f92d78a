import { type Address, DescribeAddressesCommand } from '@aws-sdk/client-ec2';
import type { AwsClients } from './aws-clients.ts';
import type { CallBounds } from './bounded-call.ts';
import type { FailedCall } from './cloud-error.ts';
import { TurnBatch } from './turn-batch.ts';

/** How the configuration names an Elastic IP. */
export type AddressId =
  | { readonly kind: 'allocation'; readonly allocationId: string }
  | { readonly kind: 'public'; readonly publicAddress: string };

export type ElasticIpReading =
  | { readonly status: 'read'; readonly address: Address }
  | { readonly status: 'failed'; readonly failed: FailedCall };

/** EC2 takes 1,000 ids in a call; a cluster has a handful of groups. */
const DESCRIBE_BATCH_MAX = 100;

/** Reads Elastic IPs. Descriptions asked for in one turn, of one group or of several, share a request. */
export class ElasticIpReader {
  readonly #clients: AwsClients;
  readonly #allocations: TurnBatch<string, ElasticIpReading>;
  readonly #publics: TurnBatch<string, ElasticIpReading>;
  /** By public address: its allocation id, once it was read. */
  readonly #known = new Map<string, string>();

  constructor(clients: AwsClients) {
    this.#clients = clients;
    const late = (): ElasticIpReading => ({
      status: 'failed',
      failed: {
        type: 'failed',
        failure: 'unknown',
        reason: 'EC2 DescribeAddresses failed: no answer in time; where the address is stays unknown',
      },
    });
    const batch = (by: 'AllocationIds' | 'PublicIps') =>
      new TurnBatch<string, ElasticIpReading>({
        perform: (keys, bounds) => this.#describe(by, keys, bounds),
        late,
        sizeMax: DESCRIBE_BATCH_MAX,
      });
    this.#allocations = batch('AllocationIds');
    this.#publics = batch('PublicIps');
  }

  async read(id: AddressId, bounds: CallBounds): Promise<ElasticIpReading> {
    if (id.kind === 'allocation') return this.#allocations.ask(id.allocationId, bounds);
    const known = this.#known.get(id.publicAddress);
    if (known !== undefined) return this.#allocations.ask(known, bounds);
    const reading = await this.#publics.ask(id.publicAddress, bounds);
    if (reading.status === 'read' && reading.address.AllocationId) {
      this.#known.set(id.publicAddress, reading.address.AllocationId);
    }
    return reading;
  }

  /** A public address is translated by one reading; later calls know it, so that a takeover is one call. */
  async allocationOf(id: AddressId, bounds: CallBounds): Promise<string | FailedCall> {
    if (id.kind === 'allocation') return id.allocationId;
    const known = this.#known.get(id.publicAddress);
    if (known !== undefined) return known;
    const reading = await this.read(id, bounds);
    if (reading.status === 'read' && reading.address.AllocationId) return reading.address.AllocationId;
    const failed = reading.status === 'failed' ? reading.failed : unreadable(id.publicAddress);
    // Nothing was asked of EC2 but to read: the move itself certainly had no effect.
    const failure = failed.failure === 'unknown' ? 'not-sent' : failed.failure;
    return { ...failed, failure, reason: `the address was not moved: ${failed.reason}` };
  }

  async #describe(
    by: 'AllocationIds' | 'PublicIps',
    keys: readonly string[],
    bounds: CallBounds,
  ): Promise<readonly ElasticIpReading[]> {
    const startedMs = performance.now();
    const unique = [...new Set(keys)];
    const outcome = await this.#clients.call(
      { operation: 'EC2 DescribeAddresses', service: 'ec2', kind: 'read' },
      bounds,
      (options) => this.#clients.ec2.send(new DescribeAddressesCommand({ [by]: unique }), options),
    );
    if (outcome.status === 'failed') {
      // One address that does not exist fails the description of all: each is asked for on its own then.
      if (outcome.result.failure === 'gone' && unique.length > 1) {
        const left = {
          ...bounds,
          deadlineMs: Math.max(1, bounds.deadlineMs - (performance.now() - startedMs)),
        };
        const single = await Promise.all(unique.map((key) => this.#describe(by, [key], left)));
        return keys.map(
          (key) => single[unique.indexOf(key)]?.[0] ?? { status: 'failed', failed: unreadable(key) },
        );
      }
      return keys.map(() => ({ status: 'failed', failed: outcome.result }));
    }
    const addresses = outcome.answer.Addresses ?? [];
    return keys.map((key) => {
      const address = addresses.find(({ AllocationId, PublicIp }) =>
        by === 'AllocationIds' ? AllocationId === key : PublicIp === key,
      );
      return address === undefined
        ? { status: 'failed', failed: unreadable(key) }
        : { status: 'read', address };
    });
  }
}

/** EC2 answered, but not about what was asked: no statement about the address. */
function unreadable(id: string): FailedCall {
  return {
    type: 'failed',
    failure: 'unknown',
    reason: `EC2 DescribeAddresses answered without ${id}: where the address is stays unknown`,
  };
}
