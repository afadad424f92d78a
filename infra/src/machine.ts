import { createHash } from 'node:crypto';
import { Fn, Stack, Tags } from 'aws-cdk-lib';
import * as autoscaling from 'aws-cdk-lib/aws-autoscaling';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { CLUSTER_TAG } from './node-role.ts';

export interface MachineOptions {
  readonly clusterName: string;
  readonly nodeName: string;
  readonly networkInterfaceId: string;
  readonly availabilityZone: string;
  readonly imageId: string;
  readonly instanceType: ec2.InstanceType;
  readonly instanceProfile: iam.CfnInstanceProfile;
  /** The script, as text. */
  readonly userData: string;
}

/** On the root volume: heartbeats sign with a key that is read into memory, and dumps of it end there. */
const ENCRYPTED_ROOT = { encrypted: true, deleteOnTermination: true, volumeType: 'gp3' };

const METADATA = {
  httpEndpoint: 'enabled',
  httpTokens: 'required',
  httpPutResponseHopLimit: 1,
} as const;

/**
 * One instance. Whatever would need another instance (an image, a script) changes its logical id, so that
 * CloudFormation tries to make the new one first, fails because the network interface is in use, and leaves
 * both nodes alone. Changing the script in place would stop both at once.
 */
export function createInstance(
  scope: Construct,
  options: MachineOptions,
  rootDevice: string,
): ec2.CfnInstance {
  const userData = Fn.base64(options.userData);
  const resolved = JSON.stringify(Stack.of(scope).resolve(userData));
  const digest = createHash('sha256').update(resolved).digest('hex').slice(0, 8);
  const instance = new ec2.CfnInstance(scope, `Instance${digest}`, {
    imageId: options.imageId,
    instanceType: options.instanceType.toString(),
    iamInstanceProfile: options.instanceProfile.ref,
    networkInterfaces: [{ deviceIndex: '0', networkInterfaceId: options.networkInterfaceId }],
    blockDeviceMappings: [{ deviceName: rootDevice, ebs: ENCRYPTED_ROOT }],
    metadataOptions: METADATA,
    userData,
  });
  for (const { key, value } of tagsOf(options)) Tags.of(instance).add(key, value);
  return instance;
}

/**
 * An Auto Scaling group of one, with the node's own interface as the primary one of whatever instance it has.
 * A new version of the template counts for the next instance; it touches none that runs.
 */
export function createReplaceable(
  scope: Construct,
  options: MachineOptions,
  rootDevice: string,
): autoscaling.CfnAutoScalingGroup {
  const template = new ec2.CfnLaunchTemplate(scope, 'LaunchTemplate', {
    launchTemplateData: {
      imageId: options.imageId,
      instanceType: options.instanceType.toString(),
      iamInstanceProfile: { arn: options.instanceProfile.attrArn },
      networkInterfaces: [
        { deviceIndex: 0, networkInterfaceId: options.networkInterfaceId, deleteOnTermination: false },
      ],
      blockDeviceMappings: [{ deviceName: rootDevice, ebs: ENCRYPTED_ROOT }],
      metadataOptions: METADATA,
      tagSpecifications: [{ resourceType: 'instance', tags: tagsOf(options) }],
      userData: Fn.base64(options.userData),
    },
  });
  return new autoscaling.CfnAutoScalingGroup(scope, 'AutoScalingGroup', {
    minSize: '1',
    maxSize: '1',
    // The interface says which subnet; Auto Scaling takes only one of the two.
    availabilityZones: [options.availabilityZone],
    launchTemplate: { launchTemplateId: template.ref, version: template.attrLatestVersionNumber },
    // The old instance must be gone before the new one can have the interface.
    instanceMaintenancePolicy: { minHealthyPercentage: 0, maxHealthyPercentage: 100 },
    healthCheckGracePeriod: 300,
  });
}

const tagsOf = ({ clusterName, nodeName }: MachineOptions) => [
  { key: 'Name', value: `${clusterName} ${nodeName}` },
  { key: CLUSTER_TAG, value: clusterName },
];
