import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AllocateAddressCommand,
  DescribeInstanceAttributeCommand,
  type EC2Client,
  ReleaseAddressCommand,
} from '@aws-sdk/client-ec2';
import { GetParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ExampleStack } from '../../infra/example/example-stack.ts';
import { NodePackage } from '../../infra/src/index.ts';
import { parseConfiguration } from '../../src/config/load.ts';
import { plainEc2, plainSsm } from '../contract/backend.ts';
import {
  type DeployedResource,
  deleteStack,
  deployStack,
  element,
  QueryApi,
} from '../support/cloudformation.ts';
import { useLocalStack } from '../support/localstack.ts';
import { ScriptRoot } from '../support/script-root.ts';

const REGION = 'eu-central-1';
const STACK = 'eipkeeper-example';

vi.setConfig({ testTimeout: 60_000 });

/** Of a presigned URL in either style: "/key". */
const objectIn = (url: string) => new URL(url).pathname.replace(/^\/cloudformation-waitcondition-[^/]+/, '');

/**
 * The example's template, deployed. LocalStack has stand-ins for the address and the interfaces, so both are given:
 * the address by its allocation, the interfaces by their private addresses.
 */
describe("the CDK example on LocalStack's CloudFormation", () => {
  const localStack = useLocalStack();
  let ec2: EC2Client;
  let ssm: SSMClient;
  let outdir = '';
  let allocationId = '';
  let resources: ReadonlyMap<string, DeployedResource> = new Map();

  beforeAll(async () => {
    if (localStack.missing !== '') return;
    ec2 = plainEc2(localStack.endpoint);
    ssm = plainSsm(localStack.endpoint);
    allocationId = (await ec2.send(new AllocateAddressCommand({ Domain: 'vpc' }))).AllocationId ?? '';
    outdir = await mkdtemp(join(tmpdir(), 'eipkeeper-cdk-'));
    const stack = new ExampleStack(new App({ outdir }), STACK, {
      region: REGION,
      imageId: 'ami-12c6146b',
      package: NodePackage.fromUrl('https://example.com/eipkeeper.deb'),
      allocationId,
      privateAddresses: ['10.0.0.11', '10.0.1.12'],
    });
    const api = new QueryApi(localStack.endpoint, 'cloudformation');
    resources = await deployStack(api, STACK, Template.fromStack(stack).toJSON());
  }, 240_000);
  beforeEach((context) => localStack.skipIfMissing(context));
  afterAll(async () => {
    if (outdir !== '') await rm(outdir, { recursive: true, force: true });
    if (localStack.missing !== '') return;
    await deleteStack(new QueryApi(localStack.endpoint, 'cloudformation'), STACK);
    if (allocationId !== '') await ec2.send(new ReleaseAddressCommand({ AllocationId: allocationId }));
    ec2.destroy();
    ssm.destroy();
  }, 120_000);

  const idsOf = (type: string) =>
    [...resources.values()].filter((resource) => resource.type === type).map(({ physicalId }) => physicalId);

  const scriptOf = async (InstanceId: string) => {
    const command = new DescribeInstanceAttributeCommand({ InstanceId, Attribute: 'userData' });
    return Buffer.from((await ec2.send(command)).UserData?.Value ?? '', 'base64').toString('utf8');
  };

  it('makes two instances, each with a script that a shell can read and a handle of its own', async () => {
    const instanceIds = idsOf('AWS::EC2::Instance');
    expect(instanceIds).toHaveLength(2);
    for (const script of await Promise.all(instanceIds.map(scriptOf))) {
      execFileSync('sh', ['-n'], { input: script });
      expect(script).toContain("config='ssm:/eipkeeper/web/config'");
      expect(script).toMatch(/^ {4}'https?:\/\/[^']+'/m);
    }
  });

  it('hears from the script how it ended, at its wait condition', async () => {
    const bucket = `${localStack.endpoint}/cloudformation-waitcondition-${REGION}`;
    await fetch(bucket, { method: 'PUT' });
    // The curl of this machine is not replaced: it finds no package where the example's template has it.
    const root = await ScriptRoot.create(['apt-get', 'systemctl', 'eipkeeper', 'nginx']);
    try {
      const script = (await scriptOf(idsOf('AWS::EC2::Instance')[0] ?? '')).replace(
        'https://example.com',
        'http://127.0.0.1:1',
      );
      const { code, output } = await root.run(script.replaceAll('--retry 5 ', '--retry 0 '));
      expect(output).not.toContain('could not be told');
      expect(code).toBe(7);
      const [, url = ''] = /^ {4}'(https?:\/\/[^']+)'/m.exec(script) ?? [];
      const told = (await (await fetch(`${bucket}${objectIn(url)}`)).json()) as Record<string, string>;
      expect(told).toMatchObject({ Status: 'FAILURE', Data: '7' });
      expect(told.Reason).toMatch(/fetching the package failed with 7: curl: \(7\)/);
    } finally {
      await root.remove();
    }
  });

  it('leaves a configuration in SSM that the daemon takes', async () => {
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name: '/eipkeeper/web/config' }));
    const { file } = parseConfiguration(Buffer.from(Parameter?.Value ?? ''), 'ssm:/eipkeeper/web/config');
    expect(file.nodes.main?.addresses).toEqual(['10.0.0.11']);
    expect(file.nodes.aux?.addresses).toEqual(['10.0.1.12']);
    expect(Parameter?.Value).toContain(`"allocationId":"${allocationId}"`);
  });

  it('gives its role the policy, with the allocation that was given', async () => {
    const iam = new QueryApi(localStack.endpoint, 'iam');
    const [RoleName = ''] = idsOf('AWS::IAM::Role');
    const PolicyName = element(await iam.call('ListRolePolicies', { RoleName }), 'member');
    const answer = await iam.call('GetRolePolicy', { RoleName, PolicyName });
    const document = decodeURIComponent(element(answer, 'PolicyDocument'));
    const { Statement } = JSON.parse(document) as { Statement: { Sid: string; Resource: unknown }[] };
    const move = Statement.find(({ Sid }) => Sid === 'MoveAddress');
    expect(JSON.stringify(move)).toContain(`:elastic-ip/${allocationId}"`);
  });

  it('makes no key: that is left to the first node', async () => {
    const command = new GetParameterCommand({ Name: '/eipkeeper/web/key' });
    await expect(ssm.send(command)).rejects.toThrow(expect.objectContaining({ name: 'ParameterNotFound' }));
  });
});
