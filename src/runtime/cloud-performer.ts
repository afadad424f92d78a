import type { AwsClients } from '../cloud/aws-clients.ts';
import type { CallBounds } from '../cloud/bounded-call.ts';
import { ElasticIp } from '../cloud/elastic-ip.ts';
import { ElasticIpReader } from '../cloud/elastic-ip-reader.ts';
import { type AddressPlace, GroupAddress } from '../cloud/group-address.ts';
import { InstanceStatus } from '../cloud/instance-status.ts';
import type { FindNode } from '../cloud/movable-address.ts';
import { PrivateIp } from '../cloud/private-ip.ts';
import type { CallEffect } from '../core/effects.ts';
import type { CallResult } from '../core/events.ts';
import type { GroupName, NodeName } from '../core/types.ts';
import type { CloudGroup } from './cloud-plan.ts';
import type { CallPerformer } from './effect-runner.ts';

export interface CloudPerformerOptions {
  readonly self: NodeName;
  readonly clients: AwsClients;
  readonly groups: ReadonlyMap<GroupName, CloudGroup>;
  /** null: neither written in the configuration nor told by the node. */
  readonly instanceIdOf: (node: NodeName) => string | null;
  readonly warn: (sentence: string) => void;
}

/** The calls of the core to EC2, translated to the addresses and instances of the configuration. */
export class CloudPerformer {
  readonly #options: CloudPerformerOptions;
  readonly #instances: InstanceStatus;
  readonly #addresses = new Map<GroupName, GroupAddress>();
  /** EC2's own word on whose instance holds an address serves for nodes that were never heard. */
  readonly #seenIds = new Map<NodeName, string>();
  readonly #finders = new Map<GroupName, FindNode>();

  constructor(options: CloudPerformerOptions) {
    this.#options = options;
    this.#instances = new InstanceStatus(options.clients);
    const reader = new ElasticIpReader(options.clients);
    this.use(options.groups);
    for (const [name, { addresses }] of options.groups) {
      const common = { clients: options.clients, findNode: this.#finderOf(name) };
      const members = addresses.map((address) =>
        address.type === 'private-ip'
          ? new PrivateIp({ ...address, ...common })
          : new ElasticIp({ ...address, ...common, reader }),
      );
      const warn = (sentence: string) => options.warn(`${name}: ${sentence}`);
      this.#addresses.set(name, new GroupAddress({ members, self: options.self, warn }));
    }
  }

  /** After a reload: other nodes may have come and gone. What is moved, and to where on this node, stays. */
  use(groups: ReadonlyMap<GroupName, Pick<CloudGroup, 'findNode'>>): void {
    for (const [name, { findNode }] of groups) this.#finders.set(name, findNode);
  }

  /** Where each address of a group was last known to be. */
  places(group: GroupName): readonly AddressPlace[] {
    return this.#addresses.get(group)?.places() ?? [];
  }

  readonly perform: CallPerformer = async (call, signal) => {
    const bounds = { signal, deadlineMs: call.deadlineMs };
    if (call.type === 'describe-instance') return this.#describeInstance(call.node, bounds);
    const address = this.#addresses.get(call.group);
    return address === undefined ? notOurs(call) : addressCall(call, address, bounds);
  };

  #describeInstance(node: NodeName, bounds: CallBounds): Promise<CallResult> | CallResult {
    const instanceId = this.#options.instanceIdOf(node) ?? this.#seenIds.get(node) ?? null;
    // Without its id nothing can be asked, and an unknown instance must not read as a stopped one.
    if (instanceId === null) return { type: 'instance-condition', condition: 'unknown' };
    return this.#instances.describe(instanceId, bounds);
  }

  #finderOf(group: GroupName): FindNode {
    return (networkInterfaceId, privateAddress, instanceId) => {
      const node = this.#finders.get(group)?.(networkInterfaceId, privateAddress, instanceId) ?? null;
      if (node !== null && instanceId !== '') this.#seenIds.set(node, instanceId);
      return node;
    };
  }
}

function addressCall(
  call: CallEffect,
  address: GroupAddress,
  bounds: CallBounds,
): Promise<CallResult> | CallResult {
  switch (call.type) {
    case 'describe-address':
      return address.describe(bounds);
    case 'take-address':
      return address.take(bounds);
    case 'take-free-address':
      return address.takeFree(bounds);
    case 'release-address':
      return address.release(call.associationId, bounds);
    default:
      return notOurs(call);
  }
}

function notOurs(call: CallEffect): CallResult {
  return {
    type: 'failed',
    failure: 'not-sent',
    reason: `nobody performs ${call.type} for the group ${call.group}`,
  };
}
