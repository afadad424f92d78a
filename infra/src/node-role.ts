import { Stack, Token, Validations } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import type { ParameterPaths } from './parameter-paths.ts';

/** The tag by which the role knows the instances that may get the address. Nodes may not change tags. */
export const CLUSTER_TAG = 'eipkeeper:cluster';

export interface RoleScope {
  readonly clusterName: string;
  readonly parameters: ParameterPaths;
  readonly allocationId: string;
  readonly networkInterfaceIds: readonly string[];
  readonly kmsKey: kms.IKey | undefined;
}

export const newNodeRole = (scope: Construct): iam.Role =>
  new iam.Role(scope, 'Role', {
    assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com'),
    description: 'What a node of eipkeeper may do',
  });

/** Exactly what the daemon and the user data call, on this cluster's address, interfaces and parameters only. */
export function nodeStatements(scope: Construct, limits: RoleScope): iam.PolicyStatement[] {
  return [...ec2Statements(scope, limits), ...ssmStatements(scope, limits)];
}

/** For cdk-nag: these wildcards and no others, so that one that is added later is still found. */
export function explainWildcards(role: iam.Role, { parameters }: RoleScope): void {
  const { account, region } = Stack.of(role);
  const shown = (value: string, token: string) => (Token.isUnresolved(value) ? `<AWS::${token}>` : value);
  const place = `${shown(region, 'Region')}:${shown(account, 'AccountId')}`;
  const reasons = {
    '*': 'EC2 has no resources for describing; limited to the Region',
    [`arn:<AWS::Partition>:ec2:${place}:instance/*`]: 'limited to the tag of this cluster',
    [`arn:<AWS::Partition>:ssm:${place}:parameter${parameters.group}/*`]:
      'terms are numbered, and are all its own',
    [`arn:<AWS::Partition>:ssm:${place}:parameter${parameters.terms}/*`]:
      'terms are numbered, and are all its own',
  };
  for (const [resource, reason] of Object.entries(reasons)) {
    Validations.of(role).acknowledge({
      id: `AwsSolutions::AwsSolutions-IAM5[Resource::${resource}]`,
      reason,
    });
  }
}

function ec2Statements(scope: Construct, limits: RoleScope): iam.PolicyStatement[] {
  const stack = Stack.of(scope);
  const arn = (resource: string, resourceName: string) =>
    stack.formatArn({ service: 'ec2', resource, resourceName });
  const address = arn('elastic-ip', limits.allocationId);
  const interfaces = limits.networkInterfaceIds.map((id) => arn('network-interface', id));
  return [
    new iam.PolicyStatement({
      sid: 'Look',
      actions: ['ec2:DescribeAddresses', 'ec2:DescribeInstanceStatus'],
      // EC2 knows no resources for these two.
      resources: ['*'],
      conditions: { StringEquals: { 'ec2:Region': stack.region } },
    }),
    new iam.PolicyStatement({
      sid: 'MoveAddress',
      actions: ['ec2:AssociateAddress', 'ec2:DisassociateAddress'],
      resources: [address, ...interfaces],
    }),
    new iam.PolicyStatement({
      sid: 'MoveAddressToNodes',
      actions: ['ec2:AssociateAddress'],
      resources: [arn('instance', '*')],
      conditions: { StringEquals: { [`aws:ResourceTag/${CLUSTER_TAG}`]: limits.clusterName } },
    }),
  ];
}

function ssmStatements(scope: Construct, { parameters, kmsKey }: RoleScope): iam.PolicyStatement[] {
  const stack = Stack.of(scope);
  const arn = (name: string) =>
    stack.formatArn({ service: 'ssm', resource: 'parameter', resourceName: name.slice(1) });
  const shared = [arn(`${parameters.group}/*`), arn(parameters.request)];
  const terms = [arn(`${parameters.terms}/*`)];
  const statements = [
    new iam.PolicyStatement({
      sid: 'ReadConfigurationAndKey',
      actions: ['ssm:GetParameter'],
      resources: [arn(parameters.configuration), arn(parameters.key)],
    }),
    new iam.PolicyStatement({
      sid: 'MakeKeyOnce',
      actions: ['ssm:PutParameter'],
      resources: [arn(parameters.key)],
      conditions: { StringEquals: { 'ssm:Overwrite': 'false' } },
    }),
    new iam.PolicyStatement({
      sid: 'ReadTerms',
      actions: ['ssm:GetParameters', 'ssm:GetParametersByPath'],
      resources: shared,
    }),
    new iam.PolicyStatement({ sid: 'WriteTerms', actions: ['ssm:PutParameter'], resources: shared }),
    new iam.PolicyStatement({
      sid: 'NeverTakeATermTwice',
      effect: iam.Effect.DENY,
      actions: ['ssm:PutParameter'],
      resources: terms,
      conditions: { StringEquals: { 'ssm:Overwrite': 'true' } },
    }),
    new iam.PolicyStatement({ sid: 'ForgetOldTerms', actions: ['ssm:DeleteParameters'], resources: terms }),
  ];
  if (kmsKey !== undefined) {
    statements.push(
      new iam.PolicyStatement({
        sid: 'UseKmsKeyThroughSsm',
        actions: ['kms:Decrypt', 'kms:Encrypt'],
        resources: [kmsKey.keyArn],
        conditions: { StringEquals: { 'kms:ViaService': `ssm.${stack.region}.${stack.urlSuffix}` } },
      }),
    );
  }
  return statements;
}
