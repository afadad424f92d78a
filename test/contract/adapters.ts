import { randomBytes } from 'node:crypto';
import { AwsClients } from '../../src/cloud/aws-clients.ts';
import { ElasticIp } from '../../src/cloud/elastic-ip.ts';
import { ElasticIpReader } from '../../src/cloud/elastic-ip-reader.ts';
import { GroupAddress } from '../../src/cloud/group-address.ts';
import { InstanceStatus } from '../../src/cloud/instance-status.ts';
import { PrivateIp } from '../../src/cloud/private-ip.ts';
import { SsmWitness } from '../../src/witness/ssm-witness.ts';
import type { CloudFixture } from './backend.ts';
import type { Perform } from './call-contract.ts';

const NAMES = ['main', 'aux'] as const;

/** The program's own adapters over an endpoint, two nodes of them, for a group with one or both of the addresses. */
export function openAdapters(
  endpoint: string,
  fixture: CloudFixture,
  addresses: 'one address' | 'two addresses' | 'a private address' = 'one address',
): { perform: Perform; close(): void } {
  const prefix = `/eipkeeper-${randomBytes(4).toString('hex')}`;
  const bounds = () => ({ signal: new AbortController().signal, deadlineMs: 15_000 });
  const nodes = fixture.nodes.map((node, index) => {
    const clients = new AwsClients({
      region: 'eu-central-1',
      version: '0',
      environment: { AWS_ENDPOINT_URL: endpoint },
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    const findNode = (networkInterfaceId: string) => {
      const found = fixture.nodes.findIndex((node) =>
        [node, node.second].some((place) => place.networkInterfaceId === networkInterfaceId),
      );
      return NAMES[found] ?? null;
    };
    const reader = new ElasticIpReader(clients);
    const { subnetId, nodes: places } = fixture;
    const { networkInterfaceId } = node;
    const privateIp = new PrivateIp({
      clients,
      address: places[0].privateAddress.replace(/\d+$/, '66'),
      target: { networkInterfaceId, subnetId },
      findNode,
    });
    const targets = addresses === 'one address' ? [node] : [node, node.second];
    const elasticIps = targets.map((target, place) => {
      const allocationId = fixture.allocationIds[place] ?? '';
      const id = { kind: 'allocation', allocationId } as const;
      return new ElasticIp({ clients, reader, id, target, findNode });
    });
    return {
      clients,
      witness: new SsmWitness({ clients, prefix }),
      address: new GroupAddress({
        members: addresses === 'a private address' ? [privateIp] : elasticIps,
        self: NAMES[index] ?? '',
        warn: () => {},
      }),
      instances: new InstanceStatus(clients),
    };
  });
  const perform: Perform = (name, call) => {
    const node = nodes[NAMES.indexOf(name)]!;
    switch (call.type) {
      case 'create-term':
        return node.witness.createTerm(call.record, bounds());
      case 'read-term':
        return node.witness.readTerm('web', call.term, bounds());
      case 'read-newest':
        return node.witness.readNewest('web', call.known, bounds());
      case 'delete-terms':
        return node.witness.deleteTerms('web', call.upTo, bounds());
      case 'describe-address':
        return node.address.describe(bounds());
      case 'take-address':
        return node.address.take(bounds());
      case 'take-free-address':
        return node.address.takeFree(bounds());
      case 'release-address':
        return node.address.release(call.associationId, bounds());
      case 'describe-instance':
        return node.instances.describe(fixture.nodes[call.node === 'main' ? 0 : 1].instanceId, bounds());
      default:
        throw new Error(`no adapter of AWS performs ${call.type}`);
    }
  };
  const close = () => {
    for (const { witness, clients } of nodes) {
      witness.close();
      clients.close();
    }
  };
  return { perform, close };
}
