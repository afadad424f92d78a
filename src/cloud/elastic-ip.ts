import { type Address, AssociateAddressCommand, DisassociateAddressCommand } from '@aws-sdk/client-ec2';
import type { CallResult } from '../core/events.ts';
import type { AwsClients } from './aws-clients.ts';
import type { CallBounds } from './bounded-call.ts';
import { errorCode } from './cloud-error.ts';
import type { AddressId, ElasticIpReader } from './elastic-ip-reader.ts';
import type { AssociationTarget, FindNode, MovableAddress } from './movable-address.ts';

export interface ElasticIpOptions {
  readonly clients: AwsClients;
  /** One for all Elastic IPs of a node, so that they share requests. */
  readonly reader: ElasticIpReader;
  readonly id: AddressId;
  readonly target: AssociationTarget;
  readonly findNode: FindNode;
}

/**
 * One Elastic IP. A reading may be stale: EC2 promises no read consistency, so the core judges it by the
 * association it knows.
 */
export class ElasticIp implements MovableAddress {
  readonly label: string;
  readonly #options: ElasticIpOptions;
  readonly #clients: AwsClients;
  /** Whether the last reading had it on this instance; null: none was made. */
  #here: boolean | null = null;

  constructor(options: ElasticIpOptions) {
    this.#options = options;
    this.#clients = options.clients;
    this.label = options.id.kind === 'allocation' ? options.id.allocationId : options.id.publicAddress;
  }

  async describe(bounds: CallBounds): Promise<CallResult> {
    const reading = await this.#options.reader.read(this.#options.id, bounds);
    return reading.status === 'failed' ? reading.failed : this.#toResult(reading.address);
  }

  take(bounds: CallBounds): Promise<CallResult> {
    return this.#associate(true, bounds);
  }

  takeFree(bounds: CallBounds): Promise<CallResult> {
    return this.#associate(false, bounds);
  }

  recognises(associationId: string): boolean {
    return associationId.startsWith('eipassoc-');
  }

  /** An association that is over frees nothing: EC2 says success or InvalidAssociationID.NotFound then. */
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

  async #associate(allowReassociation: boolean, bounds: CallBounds): Promise<CallResult> {
    const { reader, id, target } = this.#options;
    const startedMs = performance.now();
    const allocation = await reader.allocationOf(id, bounds);
    if (typeof allocation !== 'string') return allocation;
    const command = new AssociateAddressCommand({
      AllocationId: allocation,
      NetworkInterfaceId: target.networkInterfaceId,
      PrivateIpAddress: target.privateAddress,
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
    this.#here = true;
    this.#clients.dropConnections();
    const associationId = outcome.answer.AssociationId;
    if (associationId) return { type: 'address-moved', associationId };
    const reason =
      'EC2 AssociateAddress answered without an association: whether the address moved is unknown';
    return { type: 'failed', failure: 'unknown', reason };
  }

  #toResult(address: Address): CallResult {
    const networkInterfaceId = address.NetworkInterfaceId ?? '';
    const associationId = address.AssociationId ?? '';
    this.#noteWhere(associationId !== '' && networkInterfaceId === this.#options.target.networkInterfaceId);
    if (associationId === '') return { type: 'address-reading', holder: { kind: 'free' }, associationId };
    const node = this.#options.findNode(
      networkInterfaceId,
      address.PrivateIpAddress ?? '',
      address.InstanceId ?? '',
    );
    const holder =
      node === null ? ({ kind: 'foreign', networkInterfaceId } as const) : ({ kind: 'node', node } as const);
    return { type: 'address-reading', holder, associationId };
  }

  /** Somebody else moved the address to or from this instance: its source address changed. */
  #noteWhere(here: boolean): void {
    const before = this.#here;
    this.#here = here;
    if (before !== null && before !== here) this.#clients.dropConnections();
  }
}
