import {
  AssignPrivateIpAddressesCommand,
  DescribeNetworkInterfacesCommand,
  type NetworkInterface,
  UnassignPrivateIpAddressesCommand,
} from '@aws-sdk/client-ec2';
import type { CallResult } from '../core/events.ts';
import type { AddressHolder } from '../core/types.ts';
import type { AwsClients } from './aws-clients.ts';
import type { CallBounds } from './bounded-call.ts';
import type { FailedCall } from './cloud-error.ts';
import type { FindNode, MovableAddress } from './movable-address.ts';

/** Where it goes on this instance, and the subnet of that interface, which it cannot leave. */
export interface PrivateIpTarget {
  readonly networkInterfaceId: string;
  readonly subnetId: string;
}

export interface PrivateIpOptions {
  readonly clients: AwsClients;
  readonly address: string;
  readonly target: PrivateIpTarget;
  readonly findNode: FindNode;
}

type Found =
  | { readonly status: 'found'; readonly networkInterface: NetworkInterface | null }
  | { readonly status: 'failed'; readonly failed: FailedCall };

/**
 * A secondary private address that moves between the interfaces of a subnet. EC2 has no association ids for it: one
 * is made of the interface and of how often this process has seen the address come to another one, so that the same
 * interface later is another association. The last interface that was seen is all that is remembered.
 */
export class PrivateIp implements MovableAddress {
  readonly label: string;
  readonly #options: PrivateIpOptions;
  readonly #clients: AwsClients;
  #interfaceId = '';
  #moves = 0;

  constructor(options: PrivateIpOptions) {
    this.#options = options;
    this.#clients = options.clients;
    this.label = options.address;
  }

  async describe(bounds: CallBounds): Promise<CallResult> {
    const found = await this.#find(bounds);
    if (found.status === 'failed') return found.failed;
    return this.#reading(found.networkInterface);
  }

  take(bounds: CallBounds): Promise<CallResult> {
    return this.#assign(true, bounds);
  }

  takeFree(bounds: CallBounds): Promise<CallResult> {
    return this.#assign(false, bounds);
  }

  recognises(associationId: string): boolean {
    return associationId.startsWith(`${this.label}/`);
  }

  /** From exactly that interface; when it is no longer there, it was released before. */
  async release(associationId: string, bounds: CallBounds): Promise<CallResult> {
    const [, networkInterfaceId = ''] = associationId.split('/');
    const startedMs = performance.now();
    const command = new UnassignPrivateIpAddressesCommand({
      NetworkInterfaceId: networkInterfaceId,
      PrivateIpAddresses: [this.label],
    });
    const outcome = await this.#clients.call(
      { operation: 'EC2 UnassignPrivateIpAddresses', service: 'ec2', kind: 'write' },
      bounds,
      (options) => this.#clients.ec2.send(command, options),
    );
    if (outcome.status === 'answered') return { type: 'address-released' };
    if (!isRefusal(outcome.result)) return outcome.result;
    const where = await this.#find(left(bounds, startedMs));
    const isThere =
      where.status === 'failed' || where.networkInterface?.NetworkInterfaceId === networkInterfaceId;
    return isThere ? outcome.result : { type: 'address-released' };
  }

  async #assign(allowReassignment: boolean, bounds: CallBounds): Promise<CallResult> {
    const { networkInterfaceId } = this.#options.target;
    const startedMs = performance.now();
    const command = new AssignPrivateIpAddressesCommand({
      NetworkInterfaceId: networkInterfaceId,
      PrivateIpAddresses: [this.label],
      // Always sent: left out, EC2 takes it for false, otherwise than for an Elastic IP.
      AllowReassignment: allowReassignment,
    });
    const outcome = await this.#clients.call(
      { operation: 'EC2 AssignPrivateIpAddresses', service: 'ec2', kind: 'write' },
      bounds,
      (options) => this.#clients.ec2.send(command, options),
    );
    if (outcome.status === 'answered') {
      return { type: 'address-moved', associationId: this.#associationOn(networkInterfaceId) };
    }
    // EC2 refuses what somebody has with the code of any wrong value: only a look tells which it was.
    if (allowReassignment || !isRefusal(outcome.result)) return outcome.result;
    const where = await this.#find(left(bounds, startedMs));
    return where.status === 'found' && where.networkInterface !== null
      ? { type: 'address-taken' }
      : outcome.result;
  }

  #reading(networkInterface: NetworkInterface | null): CallResult {
    const networkInterfaceId = networkInterface?.NetworkInterfaceId ?? '';
    const associationId = this.#associationOn(networkInterfaceId);
    return { type: 'address-reading', holder: this.#holderOf(networkInterface), associationId };
  }

  /** The node is known by its interface, its instance, or any address on the interface that is its own. */
  #holderOf(networkInterface: NetworkInterface | null): AddressHolder {
    if (networkInterface === null) return { kind: 'free' };
    const networkInterfaceId = networkInterface.NetworkInterfaceId ?? '';
    const instanceId = networkInterface.Attachment?.InstanceId ?? '';
    for (const { PrivateIpAddress = '' } of networkInterface.PrivateIpAddresses ?? []) {
      if (PrivateIpAddress === this.label) continue;
      const node = this.#options.findNode(networkInterfaceId, PrivateIpAddress, instanceId);
      if (node !== null) return { kind: 'node', node };
    }
    return { kind: 'foreign', networkInterfaceId };
  }

  #associationOn(networkInterfaceId: string): string {
    if (networkInterfaceId !== this.#interfaceId) {
      this.#interfaceId = networkInterfaceId;
      this.#moves += 1;
    }
    return networkInterfaceId === '' ? '' : `${this.label}/${networkInterfaceId}/${this.#moves}`;
  }

  async #find(bounds: CallBounds): Promise<Found> {
    const command = new DescribeNetworkInterfacesCommand({
      Filters: [
        { Name: 'subnet-id', Values: [this.#options.target.subnetId] },
        { Name: 'addresses.private-ip-address', Values: [this.label] },
      ],
    });
    const outcome = await this.#clients.call(
      { operation: 'EC2 DescribeNetworkInterfaces', service: 'ec2', kind: 'read' },
      bounds,
      (options) => this.#clients.ec2.send(command, options),
    );
    if (outcome.status === 'failed') return { status: 'failed', failed: outcome.result };
    const interfaces = outcome.answer.NetworkInterfaces;
    if (interfaces !== undefined) return { status: 'found', networkInterface: interfaces[0] ?? null };
    const reason = `EC2 DescribeNetworkInterfaces answered without a list: where ${this.label} is stays unknown`;
    return { status: 'failed', failed: { type: 'failed', failure: 'unknown', reason } };
  }
}

const isRefusal = ({ failure }: FailedCall): boolean => failure === 'invalid' || failure === 'gone';

const left = (bounds: CallBounds, startedMs: number): CallBounds => ({
  ...bounds,
  deadlineMs: Math.max(1, bounds.deadlineMs - (performance.now() - startedMs)),
});
