import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AwsClients } from '../../src/cloud/aws-clients.ts';
import type { CallBounds } from '../../src/cloud/bounded-call.ts';
import { ElasticIp } from '../../src/cloud/elastic-ip.ts';
import { type AddressId, ElasticIpReader } from '../../src/cloud/elastic-ip-reader.ts';
import { InstanceStatus } from '../../src/cloud/instance-status.ts';
import type { CallResult } from '../../src/core/events.ts';
import { type CloudFixture, plainEc2 } from '../contract/backend.ts';
import { useLocalStack } from '../support/localstack.ts';
import { makeVpcFixture } from '../support/localstack-fixture.ts';

const bounds = (): CallBounds => ({ signal: new AbortController().signal, deadlineMs: 10_000 });

describe('Elastic IPs on LocalStack', () => {
  const localStack = useLocalStack();
  const opened: AwsClients[] = [];
  let fixture: CloudFixture;
  let main: (id: AddressId) => ElasticIp;
  let aux: (id: AddressId) => ElasticIp;
  let address: AddressId;

  const clientsOf = () => {
    const clients = new AwsClients({
      region: 'eu-central-1',
      version: '0',
      environment: { AWS_ENDPOINT_URL: localStack.endpoint },
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    opened.push(clients);
    return clients;
  };
  const ipsOf = (index: 0 | 1) => {
    const clients = clientsOf();
    const reader = new ElasticIpReader(clients);
    const findNode = (networkInterfaceId: string, privateAddress: string) => {
      const found = fixture.nodes.findIndex(
        (node) => node.networkInterfaceId === networkInterfaceId && node.privateAddress === privateAddress,
      );
      return ['main', 'aux'][found] ?? null;
    };
    return (id: AddressId) => new ElasticIp({ clients, reader, id, target: fixture.nodes[index], findNode });
  };
  const holderOf = (result: CallResult) => {
    if (result.type !== 'address-reading') return result;
    return result.holder.kind === 'node' ? result.holder.node : result.holder.kind;
  };

  beforeAll(async () => {
    if (localStack.missing !== '') return;
    fixture = await makeVpcFixture(plainEc2(localStack.endpoint));
    main = ipsOf(0);
    aux = ipsOf(1);
    address = { kind: 'allocation', allocationId: fixture.allocationIds[0] };
  }, 60_000);
  beforeEach((context) => localStack.skipIfMissing(context));
  afterAll(async () => {
    for (const clients of opened) clients.close();
    if (localStack.missing === '') await fixture.cleanUp();
  });

  it('go from free to main, to aux by force, and back to free', async () => {
    expect(holderOf(await main(address).describe(bounds()))).toBe('free');
    const first = await main(address).takeFree(bounds());
    expect(first.type).toBe('address-moved');
    expect(holderOf(await aux(address).describe(bounds()))).toBe('main');
    expect(await aux(address).takeFree(bounds())).toEqual({ type: 'address-taken' });
    expect(holderOf(await main(address).describe(bounds()))).toBe('main');

    const second = await aux(address).take(bounds());
    expect(second.type).toBe('address-moved');
    expect(holderOf(await main(address).describe(bounds()))).toBe('aux');

    const stale = first.type === 'address-moved' ? first.associationId : '';
    expect(await main(address).release(stale, bounds())).toEqual({ type: 'address-released' });
    expect(holderOf(await main(address).describe(bounds()))).toBe('aux');

    const current = second.type === 'address-moved' ? second.associationId : '';
    expect(await aux(address).release(current, bounds())).toEqual({ type: 'address-released' });
    expect(holderOf(await main(address).describe(bounds()))).toBe('free');
  });

  it('are found by their public address too', async () => {
    const byPublic: AddressId = { kind: 'public', publicAddress: fixture.publicAddress };
    expect((await aux(byPublic).take(bounds())).type).toBe('address-moved');
    const reading = await main(byPublic).describe(bounds());
    expect(holderOf(reading)).toBe('aux');
    if (reading.type === 'address-reading') await aux(address).release(reading.associationId, bounds());
  });

  it('that do not exist are gone, beside one that does', async () => {
    const other: AddressId = { kind: 'allocation', allocationId: 'eipalloc-0123456789abcdef0' };
    const [known, gone] = await Promise.all([
      main(address).describe(bounds()),
      main(other).describe(bounds()),
    ]);
    expect(known.type).toBe('address-reading');
    expect(gone).toMatchObject({ type: 'failed', failure: 'gone' });
    expect(await main(other).take(bounds())).toMatchObject({ type: 'failed', failure: 'gone' });
  });

  it('stay on a stopped instance, which is told from a running one', async () => {
    const status = new InstanceStatus(clientsOf());
    const [running, stopped] = fixture.nodes;
    await aux(address).take(bounds());
    await fixture.stopInstance(stopped.instanceId);
    const both = await Promise.all([
      status.describe(running.instanceId, bounds()),
      status.describe(stopped.instanceId, bounds()),
    ]);
    expect(both).toEqual([
      { type: 'instance-condition', condition: 'running' },
      { type: 'instance-condition', condition: 'stopped' },
    ]);
    expect(holderOf(await main(address).describe(bounds()))).toBe('aux');
    await fixture.startInstance(stopped.instanceId);
  });
});
