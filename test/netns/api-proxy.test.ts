import {
  AllocateAddressCommand,
  AssociateAddressCommand,
  type AssociateAddressCommandInput,
  DescribeAddressesCommand,
  DescribeInstancesCommand,
  EC2Client,
  ReleaseAddressCommand,
} from '@aws-sdk/client-ec2';
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { useLocalStack } from '../support/localstack.ts';
import type { ApiFaultKind } from '../support/netns/api-fault.ts';
import { type Cluster, startCluster } from '../support/netns/cluster.ts';
import { monotonicMs } from '../support/netns/monotonic.ts';
import { describeNetns } from '../support/netns/requirements.ts';
import { REGION } from '../support/netns/test-account.ts';
import { waitFor } from '../support/netns/wait-for.ts';

describeNetns('the proxy in front of the AWS API', () => {
  const localstack = useLocalStack();
  let cluster: Cluster;
  let ec2: EC2Client;
  let ssm: SSMClient;

  beforeAll(async () => {
    if (localstack.endpoint === '') return;
    cluster = await startCluster({ endpoint: localstack.endpoint, delays: { PutParameter: 300 } });
    const options = {
      endpoint: cluster.api.operatorEndpoint,
      region: REGION,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      maxAttempts: 1,
    };
    ec2 = new EC2Client(options);
    ssm = new SSMClient(options);
  }, 120_000);
  beforeEach((context) => localstack.skipIfMissing(context));
  afterAll(async () => {
    ec2?.destroy();
    ssm?.destroy();
    await cluster?.close();
  }, 120_000);

  const associate = (input: Partial<AssociateAddressCommandInput>) =>
    ec2.send(new AssociateAddressCommand({ AllocationId: cluster.account.allocationId, ...input }));
  const put = (name: string) =>
    ssm.send(new PutParameterCommand({ Name: `${cluster.ssmPrefix}/${name}`, Value: 'x', Type: 'String' }));

  it('takes a reassociation flag left out for a yes, and a no for a no whatever names the target', async () => {
    const [main, aux] = cluster.nodes;
    await associate({ NetworkInterfaceId: main!.networkInterfaceId });
    await associate({ NetworkInterfaceId: aux!.networkInterfaceId });
    expect(cluster.address.holder).toBe(aux!.networkInterfaceId);
    const refused = { name: 'Resource.AlreadyAssociated' };
    const no = { AllowReassociation: false };
    await expect(associate({ InstanceId: main!.instanceId, ...no })).rejects.toMatchObject(refused);
    await expect(associate({ NetworkInterfaceId: main!.networkInterfaceId, ...no })).rejects.toMatchObject(
      refused,
    );
    expect(cluster.address.holder).toBe(aux!.networkInterfaceId);
  });

  it('shows an address on its new instance alone', async () => {
    const [main, aux] = cluster.nodes;
    await associate({ NetworkInterfaceId: main!.networkInterfaceId });
    await associate({ NetworkInterfaceId: aux!.networkInterfaceId });
    const described = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [main!.instanceId] }));
    expect(described.Reservations?.[0]?.Instances?.[0]?.PublicIpAddress).toBeUndefined();
  });

  it('displaces an address that was on the target', async () => {
    const { networkInterfaceId } = cluster.node('main');
    const { AllocationId: other } = await ec2.send(new AllocateAddressCommand({ Domain: 'vpc' }));
    await associate({ NetworkInterfaceId: networkInterfaceId });
    await associate({ AllocationId: other, NetworkInterfaceId: networkInterfaceId });
    const { Addresses: addresses } = await ec2.send(
      new DescribeAddressesCommand({ AllocationIds: [cluster.account.allocationId] }),
    );
    expect(addresses?.[0]?.AssociationId ?? '').toBe('');
    expect(cluster.address.holder).toBeNull();
    await ec2.send(new ReleaseAddressCommand({ AllocationId: other }));
  });

  it('lets exactly one of many create a parameter', async () => {
    const tries = await Promise.allSettled(Array.from({ length: 12 }, () => put('raced')));
    const lost = tries.flatMap((result) =>
      result.status === 'rejected' ? [result.reason.name as string] : [],
    );
    expect(lost).toEqual(Array.from({ length: 11 }, () => 'ParameterAlreadyExists'));
  });

  it('delays a call by its name', async () => {
    const startMs = monotonicMs();
    await put('slow');
    expect(monotonicMs() - startMs).toBeGreaterThanOrEqual(299);
  });

  it.each([
    ['throttled', 'ThrottlingException'],
    ['denied', 'AccessDeniedException'],
    ['unavailable', 'ServiceUnavailable'],
  ] as const)('answers SSM calls as AWS does when %s, once', async (kind: ApiFaultKind, name) => {
    cluster.api.inject({ kind, call: 'GetParameter', times: 1 });
    const get = () => ssm.send(new GetParameterCommand({ Name: `${cluster.ssmPrefix}/none` }));
    await expect(get()).rejects.toMatchObject({ name });
    await expect(get()).rejects.toMatchObject({ name: 'ParameterNotFound' });
  });

  it('hangs until the caller gives up, and records the call without a status', async () => {
    const heal = cluster.api.inject({ kind: 'hang', call: 'DescribeAddresses' });
    const before = cluster.api.calls.length;
    const patience = new AbortController();
    const abandoned = ec2.send(new DescribeAddressesCommand({}), { abortSignal: patience.signal });
    const outcome = expect(abandoned).rejects.toMatchObject({ name: 'AbortError' });
    await waitFor('the call', () => cluster.api.calls.length > before, { withinMs: 15_000 });
    patience.abort();
    await outcome;
    heal();
    expect(cluster.api.calls.at(-1)).toMatchObject({ node: 'operator', call: 'DescribeAddresses' });
    expect(cluster.api.calls.at(-1)?.status).toBeUndefined();
  });

  it('keeps the effect of a call whose answer it lost', async () => {
    cluster.api.inject({ kind: 'lose-answer', call: 'PutParameter', times: 1 });
    await expect(put('lost')).rejects.toThrow();
    await expect(put('lost')).rejects.toMatchObject({ name: 'ParameterAlreadyExists' });
  });

  it('gives metadata by source address, and changes and failures by instance', async () => {
    const ask = (node: string, path: string) =>
      cluster.node(node).run([
        'sh',
        '-c',
        `token=$(curl -s -m 15 -X PUT -H 'x-aws-ec2-metadata-token-ttl-seconds: 60' "$AWS_EC2_METADATA_SERVICE_ENDPOINT/latest/api/token")
           curl -s -m 15 -w ' %{http_code}' -H "x-aws-ec2-metadata-token: $token" "$AWS_EC2_METADATA_SERVICE_ENDPOINT/latest/${path}"`,
      ]);
    const { instanceId } = cluster.node('main');
    expect(await ask('main', 'meta-data/instance-id')).toBe(`${instanceId} 200`);
    expect(await ask('aux', 'meta-data/instance-id')).toBe(`${cluster.node('aux').instanceId} 200`);
    expect(await ask('main', 'meta-data/spot/instance-action')).toBe('Not Found 404');
    cluster.metadata.set(instanceId, 'meta-data/spot/instance-action', '{"action":"terminate"}');
    expect(await ask('main', 'meta-data/spot/instance-action')).toBe('{"action":"terminate"} 200');
    const without = [
      'curl',
      '-s',
      '-w',
      '%{http_code}',
      'http://169.254.169.254/latest/meta-data/instance-id',
    ];
    expect(await cluster.node('main').run(without)).toBe('401');
    cluster.metadata.failFor(instanceId, 60_000);
    expect(await ask('main', 'meta-data/instance-id')).toBe(' 503');
    expect(await ask('aux', 'meta-data/instance-id')).toMatch(/ 200$/);
  });
});
