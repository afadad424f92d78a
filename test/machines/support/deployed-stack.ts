import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AllocateAddressCommand,
  CreateNetworkInterfaceCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DescribeInstanceAttributeCommand,
  DescribeInstancesCommand,
  type EC2Client,
} from '@aws-sdk/client-ec2';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { ExampleStack } from '../../../infra/example/example-stack.ts';
import { NodePackage } from '../../../infra/src/index.ts';
import {
  type DeployedResource,
  deleteStack,
  deployStack,
  element,
  QueryApi,
} from '../../support/cloudformation.ts';
import { REGION } from '../../support/netns/test-account.ts';
import type { Statement } from './policy.ts';

const STACK = 'eipkeeper-deploy';
/** Any image LocalStack knows. */
const IMAGE = 'ami-12c6146b';

export interface DeployedInstance {
  readonly instanceId: string;
  readonly networkInterfaceId: string;
  readonly privateIp: string;
  readonly availabilityZone: string;
  /** As EC2 gives it back. */
  readonly userData: string;
  readonly tags: Readonly<Record<string, string>>;
}

export interface DeployedStack {
  readonly allocationId: string;
  readonly instances: readonly [DeployedInstance, DeployedInstance];
  /** Of the role of both. */
  readonly policy: readonly Statement[];
}

interface TemplateResource {
  readonly Type: string;
  readonly Properties: { readonly Tags?: readonly { readonly Key: string; readonly Value: string }[] };
}

/**
 * The example app's template, deployed on LocalStack. LocalStack has only stand-ins for addresses and interfaces, so
 * both are made by the API: the address is given to the construct, the interfaces take the place of the template's.
 */
export async function deployExample(
  endpoint: string,
  ec2: EC2Client,
  { packageUrl, privateIps }: { readonly packageUrl: string; readonly privateIps: readonly [string, string] },
): Promise<DeployedStack> {
  const { AllocationId: allocationId = '' } = await ec2.send(new AllocateAddressCommand({ Domain: 'vpc' }));
  const networkInterfaceIds = await createInterfaces(ec2, privateIps);
  const template = await synthesise(packageUrl, allocationId, privateIps);
  const given = withInterfaces(template, networkInterfaceIds);
  const deployed = await deployStack(new QueryApi(endpoint, 'cloudformation'), STACK, given);
  const instances = ['main', 'aux'].map((name, index) =>
    describe(ec2, given, deployed, new RegExp(`^PairNode${name}Instance`), {
      networkInterfaceId: networkInterfaceIds[index]!,
      privateIp: privateIps[index]!,
    }),
  );
  const [main, aux] = await Promise.all(instances);
  return { allocationId, instances: [main!, aux!], policy: await policyOf(endpoint, deployed) };
}

async function synthesise(
  packageUrl: string,
  allocationId: string,
  privateAddresses: readonly [string, string],
): Promise<Readonly<Record<string, unknown>>> {
  const outdir = await mkdtemp(join(tmpdir(), 'eipkeeper-cdk-'));
  try {
    const stack = new ExampleStack(new App({ outdir }), STACK, {
      region: REGION,
      imageId: IMAGE,
      package: NodePackage.fromUrl(packageUrl),
      allocationId,
      privateAddresses,
    });
    return Template.fromStack(stack).toJSON();
  } finally {
    await rm(outdir, { recursive: true, force: true });
  }
}

async function createInterfaces(ec2: EC2Client, privateIps: readonly string[]): Promise<readonly string[]> {
  const { Vpc: vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.77.0.0/16' }));
  const subnetInput = { VpcId: vpc?.VpcId, CidrBlock: '10.77.0.0/24' };
  const { Subnet: subnet } = await ec2.send(new CreateSubnetCommand(subnetInput));
  const made = privateIps.map(async (PrivateIpAddress) => {
    const command = new CreateNetworkInterfaceCommand({ SubnetId: subnet?.SubnetId, PrivateIpAddress });
    return (await ec2.send(command)).NetworkInterface?.NetworkInterfaceId ?? '';
  });
  return Promise.all(made);
}

/** The template with these interfaces in place of its own. */
function withInterfaces(
  template: Readonly<Record<string, unknown>>,
  networkInterfaceIds: readonly string[],
): { readonly Resources: Readonly<Record<string, TemplateResource>> } {
  const resources = Object.entries(template.Resources as Readonly<Record<string, TemplateResource>>);
  const isInterface = ([, { Type }]: (typeof resources)[number]) => Type === 'AWS::EC2::NetworkInterface';
  let text = JSON.stringify({
    ...template,
    Resources: Object.fromEntries(resources.filter((resource) => !isInterface(resource))),
  });
  for (const [index, [logicalId]] of resources.filter(isInterface).entries()) {
    text = text.replaceAll(`{"Ref":"${logicalId}"}`, JSON.stringify(networkInterfaceIds[index]));
  }
  return JSON.parse(text) as { readonly Resources: Readonly<Record<string, TemplateResource>> };
}

async function describe(
  ec2: EC2Client,
  { Resources }: { readonly Resources: Readonly<Record<string, TemplateResource>> },
  deployed: ReadonlyMap<string, DeployedResource>,
  logicalId: RegExp,
  network: Pick<DeployedInstance, 'networkInterfaceId' | 'privateIp'>,
): Promise<DeployedInstance> {
  const [name = ''] = [...deployed.keys()].filter((each) => logicalId.test(each));
  const InstanceId = deployed.get(name)?.physicalId ?? '';
  const { Reservations } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [InstanceId] }));
  const attribute = new DescribeInstanceAttributeCommand({ InstanceId, Attribute: 'userData' });
  const { UserData } = await ec2.send(attribute);
  return {
    ...network,
    instanceId: InstanceId,
    availabilityZone: Reservations?.[0]?.Instances?.[0]?.Placement?.AvailabilityZone ?? '',
    userData: Buffer.from(UserData?.Value ?? '', 'base64').toString('utf8'),
    tags: Object.fromEntries((Resources[name]?.Properties.Tags ?? []).map(({ Key, Value }) => [Key, Value])),
  };
}

async function policyOf(
  endpoint: string,
  deployed: ReadonlyMap<string, DeployedResource>,
): Promise<readonly Statement[]> {
  const iam = new QueryApi(endpoint, 'iam');
  const role = [...deployed.values()].find(({ type }) => type === 'AWS::IAM::Role');
  const RoleName = role?.physicalId ?? '';
  const PolicyName = element(await iam.call('ListRolePolicies', { RoleName }), 'member');
  const answer = await iam.call('GetRolePolicy', { RoleName, PolicyName });
  const document = decodeURIComponent(element(answer, 'PolicyDocument'));
  return (JSON.parse(document) as { readonly Statement: readonly Statement[] }).Statement;
}

export const deleteExample = (endpoint: string): Promise<void> =>
  deleteStack(new QueryApi(endpoint, 'cloudformation'), STACK);
