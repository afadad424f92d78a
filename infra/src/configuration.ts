import { Stack } from 'aws-cdk-lib';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import type { ParameterPaths } from './parameter-paths.ts';

export interface ConfigurationContent {
  readonly clusterName: string;
  readonly groupName: string;
  readonly parameters: ParameterPaths;
  /** In order of preference. */
  readonly nodes: readonly { readonly name: string; readonly privateAddress: string }[];
  readonly heartbeatPort: number;
  readonly allocationId: string;
  readonly resources: readonly Readonly<Record<string, unknown>>[];
  readonly groupSettings: Readonly<Record<string, unknown>>;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** The configuration file of all nodes, as JSON (which is YAML), in a parameter. */
export function createConfiguration(scope: Construct, content: ConfigurationContent): ssm.StringParameter {
  const { nodes, parameters } = content;
  const file = {
    cluster: content.clusterName,
    key: { ssm: parameters.key },
    nodes: Object.fromEntries(nodes.map(({ name, privateAddress }) => [name, { address: privateAddress }])),
    port: content.heartbeatPort,
    groups: {
      [content.groupName]: {
        nodes: nodes.map(({ name }) => name),
        resources: [...content.resources, { 'elastic-ip': { allocationId: content.allocationId } }],
        ...content.groupSettings,
      },
    },
    ...content.settings,
  };
  return new ssm.StringParameter(scope, 'Configuration', {
    parameterName: parameters.configuration,
    description: 'The configuration of eipkeeper, read by its nodes',
    stringValue: Stack.of(scope).toJsonString(file),
  });
}
