import { randomBytes } from 'node:crypto';
import { AwsClients } from '../../src/cloud/aws-clients.ts';
import { ElasticIps } from '../../src/cloud/elastic-ip.ts';
import { InstanceStatus } from '../../src/cloud/instance-status.ts';
import { SsmWitness } from '../../src/witness/ssm-witness.ts';
import type { CloudFixture } from './backend.ts';
import type { Perform } from './call-contract.ts';

const NAMES = ['main', 'aux'] as const;

/** The program's own adapters over an endpoint, two nodes of them. */
export function openAdapters(endpoint: string, fixture: CloudFixture): { perform: Perform; close(): void } {
  const prefix = `/eipkeeper-${randomBytes(4).toString('hex')}`;
  const bounds = () => ({ signal: new AbortController().signal, deadlineMs: 15_000 });
  const address = { kind: 'allocation', allocationId: fixture.allocationIds[0] } as const;
  const nodes = fixture.nodes.map((target) => {
    const clients = new AwsClients({
      region: 'eu-central-1',
      version: '0',
      environment: { AWS_ENDPOINT_URL: endpoint },
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    const findNode = (networkInterfaceId: string) =>
      NAMES[fixture.nodes.findIndex((node) => node.networkInterfaceId === networkInterfaceId)] ?? null;
    return {
      clients,
      witness: new SsmWitness({ clients, prefix }),
      addresses: new ElasticIps({ clients, target, findNode }),
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
        return node.addresses.describe(address, bounds());
      case 'take-address':
        return node.addresses.take(address, bounds());
      case 'take-free-address':
        return node.addresses.takeFree(address, bounds());
      case 'release-address':
        return node.addresses.release(call.associationId, bounds());
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
