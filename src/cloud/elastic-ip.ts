import {
  type Address,
  AssociateAddressCommand,
  DescribeAddressesCommand,
  DisassociateAddressCommand,
} from '@aws-sdk/client-ec2';
import type { CallResult } from '../core/events.ts';
import type { NodeName } from '../core/types.ts';
import type { AwsClients } from './aws-clients.ts';
import type { CallBounds } from './bounded-call.ts';
import { errorCode, type FailedCall } from './cloud-error.ts';
import { TurnBatch } from './turn-batch.ts';

/** How the configuration names an Elastic IP. */
export type AddressId =
  | { readonly kind: 'allocation'; readonly allocationId: string }
  | { readonly kind: 'public'; readonly publicAddress: string };

/** Where an address goes: an interface of this instance and the private address on it. */
export interface AssociationTarget {
  readonly networkInterfaceId: string;
  readonly privateAddress: string;
}

/** Which configured node has this interface or this private address; null: none. */
export type FindNode = (
  networkInterfaceId: string,
  privateAddress: string,
  instanceId: string,
) => NodeName | null;

type Reading = { readonly status: 'read'; readonly address: Address } | FailedRead;
type FailedRead = { readonly status: 'failed'; readonly failed: FailedCall };

/** EC2 takes 1,000 ids in a call; a cluster has a handful of groups. */
const DESCRIBE_BATCH_MAX = 100;

/**
 * Reads and moves Elastic IPs. Descriptions asked for in one turn share a request. A reading may be stale: EC2
 * promises no read consistency, so the core judges it by the association it knows.
 */
export class ElasticIps {
  readonly #clients: AwsClients;
  readonly #target: AssociationTarget;
  readonly #findNode: FindNode;
  readonly #allocations: TurnBatch<string, Reading>;
  readonly #publics: TurnBatch<string, Reading>;
  /** By public address: its allocation id, once it was read. */
  readonly #known = new Map<string, string>();
  /** By allocation id: whether the last reading had it on this instance. */
  readonly #here = new Map<string, boolean>();

  constructor(options: { clients: AwsClients; target: AssociationTarget; findNode: FindNode }) {
    this.#clients = options.clients;
    this.#target = options.target;
    this.#findNode = options.findNode;
    const late = (): Reading => ({
      status: 'failed',
      failed: {
        type: 'failed',
        failure: 'unknown',
        reason: 'EC2 DescribeAddresses failed: no answer in time; where the address is stays unknown',
      },
    });
    const batch = (by: 'AllocationIds' | 'PublicIps') =>
      new TurnBatch<string, Reading>({
        perform: (keys, bounds) => this.#describe(by, keys, bounds),
        late,
        sizeMax: DESCRIBE_BATCH_MAX,
      });
    this.#allocations = batch('AllocationIds');
    this.#publics = batch('PublicIps');
  }

  /** Answers 'address-reading', or 'failed' (gone: the address was released). */
  async describe(id: AddressId, bounds: CallBounds): Promise<CallResult> {
    const reading = await this.#read(id, bounds);
    return reading.status === 'failed' ? reading.failed : this.#toResult(reading.address);
  }

  /** Whoever has the address loses it. Answers 'address-moved' or 'failed'. */
  take(id: AddressId, bounds: CallBounds): Promise<CallResult> {
    return this.#associate(id, true, bounds);
  }

  /** Only when it is free: answers 'address-moved', 'address-taken' or 'failed'. */
  takeFree(id: AddressId, bounds: CallBounds): Promise<CallResult> {
    return this.#associate(id, false, bounds);
  }

  /**
   * Dissolves exactly this association, and no newer one. Answers 'address-released', also when it was dissolved
   * before: EC2 says success or InvalidAssociationID.NotFound then.
   */
  async release(associationId: string, bounds: CallBounds): Promise<CallResult> {
    const outcome = await this.#clients.call(
      { operation: 'EC2 DisassociateAddress', service: 'ec2', kind: 'write' },
      bounds,
      (options) =>
        this.#clients.ec2.send(new DisassociateAddressCommand({ AssociationId: associationId }), options),
    );
    if (outcome.status === 'failed') {
      if (errorCode(outcome.error) === 'InvalidAssociationID.NotFound') return { type: 'address-released' };
      if (outcome.result.failure === 'unknown') this.#clients.dropConnections();
      return outcome.result;
    }
    this.#clients.dropConnections();
    return { type: 'address-released' };
  }

  async #associate(id: AddressId, allowReassociation: boolean, bounds: CallBounds): Promise<CallResult> {
    const startedMs = performance.now();
    const allocation = await this.#allocationOf(id, bounds);
    if (typeof allocation !== 'string') return allocation;
    const command = new AssociateAddressCommand({
      AllocationId: allocation,
      NetworkInterfaceId: this.#target.networkInterfaceId,
      PrivateIpAddress: this.#target.privateAddress,
      // Always sent: left out, EC2 takes it for true.
      AllowReassociation: allowReassociation,
    });
    const leftMs = Math.max(1, bounds.deadlineMs - (performance.now() - startedMs));
    const outcome = await this.#clients.call(
      { operation: 'EC2 AssociateAddress', service: 'ec2', kind: 'write' },
      { signal: bounds.signal, deadlineMs: leftMs },
      (options) => this.#clients.ec2.send(command, options),
    );
    if (outcome.status === 'failed') {
      if (errorCode(outcome.error) === 'Resource.AlreadyAssociated') return { type: 'address-taken' };
      // It may have been done: the source address of this instance may have changed under its connections.
      if (outcome.result.failure === 'unknown') this.#clients.dropConnections();
      return outcome.result;
    }
    this.#here.set(allocation, true);
    this.#clients.dropConnections();
    const associationId = outcome.answer.AssociationId;
    if (associationId) return { type: 'address-moved', associationId };
    const reason =
      'EC2 AssociateAddress answered without an association: whether the address moved is unknown';
    return { type: 'failed', failure: 'unknown', reason };
  }

  /** A public address is translated by one reading; later calls know it, so that a takeover is one call. */
  async #allocationOf(id: AddressId, bounds: CallBounds): Promise<string | FailedCall> {
    if (id.kind === 'allocation') return id.allocationId;
    const known = this.#known.get(id.publicAddress);
    if (known !== undefined) return known;
    const reading = await this.#read(id, bounds);
    if (reading.status === 'read' && reading.address.AllocationId) return reading.address.AllocationId;
    const failed = reading.status === 'failed' ? reading.failed : unreadable(id.publicAddress);
    // Nothing was asked of EC2 but to read: the move itself certainly had no effect.
    const failure = failed.failure === 'unknown' ? 'not-sent' : failed.failure;
    return { ...failed, failure, reason: `the address was not moved: ${failed.reason}` };
  }

  async #read(id: AddressId, bounds: CallBounds): Promise<Reading> {
    if (id.kind === 'allocation') return this.#allocations.ask(id.allocationId, bounds);
    const known = this.#known.get(id.publicAddress);
    if (known !== undefined) return this.#allocations.ask(known, bounds);
    const reading = await this.#publics.ask(id.publicAddress, bounds);
    if (reading.status === 'read' && reading.address.AllocationId) {
      this.#known.set(id.publicAddress, reading.address.AllocationId);
    }
    return reading;
  }

  async #describe(
    by: 'AllocationIds' | 'PublicIps',
    keys: readonly string[],
    bounds: CallBounds,
  ): Promise<readonly Reading[]> {
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

  #toResult(address: Address): CallResult {
    const networkInterfaceId = address.NetworkInterfaceId ?? '';
    const associationId = address.AssociationId ?? '';
    this.#noteWhere(address);
    if (associationId === '') return { type: 'address-reading', holder: { kind: 'free' }, associationId };
    const node = this.#findNode(networkInterfaceId, address.PrivateIpAddress ?? '', address.InstanceId ?? '');
    const holder =
      node === null ? ({ kind: 'foreign', networkInterfaceId } as const) : ({ kind: 'node', node } as const);
    return { type: 'address-reading', holder, associationId };
  }

  /** Somebody else moved an address to or from this instance: its source address changed. */
  #noteWhere(address: Address): void {
    const key = address.AllocationId ?? '';
    const here =
      Boolean(address.AssociationId) && address.NetworkInterfaceId === this.#target.networkInterfaceId;
    const before = this.#here.get(key);
    this.#here.set(key, here);
    if (before !== undefined && before !== here) this.#clients.dropConnections();
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
