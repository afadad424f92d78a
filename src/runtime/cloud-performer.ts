import type { AwsClients } from '../cloud/aws-clients.ts';
import type { CallBounds } from '../cloud/bounded-call.ts';
import { type AddressId, type AssociationTarget, ElasticIps, type FindNode } from '../cloud/elastic-ip.ts';
import { InstanceStatus } from '../cloud/instance-status.ts';
import type { CallEffect } from '../core/effects.ts';
import type { CallResult } from '../core/events.ts';
import type { GroupName, NodeName } from '../core/types.ts';
import type { CallPerformer } from './effect-runner.ts';

export interface CloudGroup {
  readonly address: AddressId;
  /** Where the address goes on this instance. */
  readonly target: AssociationTarget;
  readonly findNode: FindNode;
}

export interface CloudPerformerOptions {
  readonly clients: AwsClients;
  readonly groups: ReadonlyMap<GroupName, CloudGroup>;
  /** null: neither written in the configuration nor told by the node. */
  readonly instanceIdOf: (node: NodeName) => string | null;
}

/** The calls of the core to EC2, translated to the addresses and instances of the configuration. */
export function createCloudPerformer(options: CloudPerformerOptions): CallPerformer {
  const instances = new InstanceStatus(options.clients);
  const elasticIps = new Map<GroupName, ElasticIps>();
  // EC2's own word on whose instance holds an address serves for nodes that were never heard.
  const seenIds = new Map<NodeName, string>();
  for (const [name, { target, findNode }] of options.groups) {
    const findAndRemember: FindNode = (networkInterfaceId, privateAddress, instanceId) => {
      const node = findNode(networkInterfaceId, privateAddress, instanceId);
      if (node !== null && instanceId !== '') seenIds.set(node, instanceId);
      return node;
    };
    elasticIps.set(name, new ElasticIps({ clients: options.clients, target, findNode: findAndRemember }));
  }
  return async (call, signal) => {
    const bounds = { signal, deadlineMs: call.deadlineMs };
    if (call.type === 'describe-instance') {
      const instanceId = options.instanceIdOf(call.node) ?? seenIds.get(call.node) ?? null;
      // Without its id nothing can be asked, and an unknown instance must not read as a stopped one.
      if (instanceId === null) return { type: 'instance-condition', condition: 'unknown' };
      return instances.describe(instanceId, bounds);
    }
    const group = options.groups.get(call.group);
    const addresses = elasticIps.get(call.group);
    if (group === undefined || addresses === undefined) return notOurs(call);
    return addressCall(call, addresses, group.address, bounds);
  };
}

function addressCall(
  call: CallEffect,
  addresses: ElasticIps,
  address: AddressId,
  bounds: CallBounds,
): Promise<CallResult> | CallResult {
  switch (call.type) {
    case 'describe-address':
      return addresses.describe(address, bounds);
    case 'take-address':
      return addresses.take(address, bounds);
    case 'take-free-address':
      return addresses.takeFree(address, bounds);
    case 'release-address':
      return addresses.release(call.associationId, bounds);
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
