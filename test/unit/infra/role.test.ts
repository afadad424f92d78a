import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { describe, expect, it } from 'vitest';
import { NodePackage } from '../../../infra/src/index.ts';
import { deployed, type Synthesised, synthesise } from './synthesise.ts';

interface Statement {
  readonly Sid: string;
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

const list = <T>(value: T | readonly T[]): readonly T[] => (Array.isArray(value) ? value : [value as T]);

/** By Sid: who may do what on which resources, without the part that all ARNs of the stack have. */
function policy({ template }: Synthesised) {
  const [document] = Object.values(template.findResources('AWS::IAM::Policy'));
  const statements = document!.Properties.PolicyDocument.Statement as Statement[];
  return Object.fromEntries(
    statements.map(({ Sid, Effect, Action, Resource, Condition }) => [
      Sid,
      {
        effect: Effect,
        actions: list(Action),
        resources: list(Resource).map((arn) =>
          deployed(arn).replace(/^arn:<AWS::Partition>:(\w+):eu-west-1:111122223333:/, '$1 '),
        ),
        ...(Condition === undefined ? {} : { condition: Condition }),
      },
    ]),
  );
}

describe('the role', () => {
  it('may do what the daemon and its start call, on this cluster only', () => {
    const given = synthesise({ allocationId: 'eipalloc-0aaa' });
    const terms = ['ssm parameter/eipkeeper/web/web/term/*'];
    const shared = ['ssm parameter/eipkeeper/web/web/*', 'ssm parameter/eipkeeper/web/request'];
    expect(policy(given)).toEqual({
      Look: {
        effect: 'Allow',
        actions: ['ec2:DescribeAddresses', 'ec2:DescribeInstanceStatus'],
        resources: ['*'],
        condition: { StringEquals: { 'ec2:Region': 'eu-west-1' } },
      },
      MoveAddress: {
        effect: 'Allow',
        actions: ['ec2:AssociateAddress', 'ec2:DisassociateAddress'],
        resources: [
          'ec2 elastic-ip/eipalloc-0aaa',
          expect.stringMatching(/^ec2 network-interface\/<PairInterfacemain\w+>$/),
          expect.stringMatching(/^ec2 network-interface\/<PairInterfaceaux\w+>$/),
        ],
      },
      MoveAddressToNodes: {
        effect: 'Allow',
        actions: ['ec2:AssociateAddress'],
        resources: ['ec2 instance/*'],
        condition: { StringEquals: { 'aws:ResourceTag/eipkeeper:cluster': 'web' } },
      },
      ReadConfigurationAndKey: {
        effect: 'Allow',
        actions: ['ssm:GetParameter'],
        resources: ['ssm parameter/eipkeeper/web/config', 'ssm parameter/eipkeeper/web/key'],
      },
      MakeKeyOnce: {
        effect: 'Allow',
        actions: ['ssm:PutParameter'],
        resources: ['ssm parameter/eipkeeper/web/key'],
        condition: { StringEquals: { 'ssm:Overwrite': 'false' } },
      },
      ReadTerms: {
        effect: 'Allow',
        actions: ['ssm:GetParameters', 'ssm:GetParametersByPath'],
        resources: shared,
      },
      WriteTerms: {
        effect: 'Allow',
        actions: ['ssm:PutParameter'],
        resources: shared,
      },
      NeverTakeATermTwice: {
        effect: 'Deny',
        actions: ['ssm:PutParameter'],
        resources: terms,
        condition: { StringEquals: { 'ssm:Overwrite': 'true' } },
      },
      ForgetOldTerms: { effect: 'Allow', actions: ['ssm:DeleteParameters'], resources: terms },
    });
  });

  it('is had by instances with the tag that it asks for', () => {
    const { template } = synthesise();
    for (const { Properties } of Object.values(template.findResources('AWS::EC2::Instance'))) {
      expect(Properties.Tags).toContainEqual({ Key: 'eipkeeper:cluster', Value: 'web' });
    }
    const replaceable = synthesise({ replaceable: true }).template;
    for (const { Properties } of Object.values(replaceable.findResources('AWS::EC2::LaunchTemplate'))) {
      const [specification] = Properties.LaunchTemplateData.TagSpecifications;
      expect(specification.ResourceType).toBe('instance');
      expect(specification.Tags).toContainEqual({ Key: 'eipkeeper:cluster', Value: 'web' });
    }
  });

  it('may read the package, and nothing else in its bucket', () => {
    const given = synthesise((stack) => ({
      package: NodePackage.fromBucket(Bucket.fromBucketName(stack, 'B', 'packages'), 'eipkeeper.rpm'),
    }));
    expect(policy(given).ReadPackage).toEqual({
      effect: 'Allow',
      actions: ['s3:GetObject'],
      resources: ['arn:<AWS::Partition>:s3:::packages/eipkeeper.rpm'],
    });
  });

  it('may use a given KMS key through SSM only', () => {
    const arn = 'arn:aws:kms:eu-west-1:111122223333:key/0a1b';
    const given = synthesise((stack) => ({ kmsKey: Key.fromKeyArn(stack, 'K', arn) }));
    expect(policy(given).UseKmsKeyThroughSsm).toEqual({
      effect: 'Allow',
      actions: ['kms:Decrypt', 'kms:Encrypt'],
      resources: [arn],
      condition: { StringEquals: { 'kms:ViaService': expect.anything() } },
    });
    const [instance] = Object.values(given.template.findResources('AWS::EC2::Instance'));
    expect(deployed(instance!.Properties.UserData)).toContain(`--kms-key '${arn}'`);
  });
});
