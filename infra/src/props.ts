import type { Duration } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type { NodePackage } from './node-package.ts';

/** What `ElasticIpFailoverPair` is made from. */
export interface ElasticIpFailoverPairProps {
  /**
   * The name of the cluster. All that it keeps in Parameter Store lies below `/eipkeeper/<clusterName>`, so it
   * must be the only one of its name in the account and Region.
   */
  readonly clusterName: string;

  /** Where the nodes get eipkeeper from. */
  readonly package: NodePackage;

  /**
   * The names of the two nodes, the preferred one first.
   * @default ['main', 'aux']
   */
  readonly nodeNames?: readonly [string, string];

  /**
   * The name of the group that the Elastic IP and the services form.
   * @default 'web'
   */
  readonly groupName?: string;

  /**
   * The services of the group, in the words of the configuration file and without the Elastic IP.
   * @default [{ nginx: {} }]
   */
  readonly resources?: readonly Readonly<Record<string, unknown>>[];

  /**
   * More settings of the group, in the words of the configuration file, like `{ failback: 'manual' }`.
   * @default - those of eipkeeper
   */
  readonly groupSettings?: Readonly<Record<string, unknown>>;

  /**
   * More settings of the cluster, in the words of the configuration file, like `{ profile: 'fast' }`.
   * @default - those of eipkeeper
   */
  readonly settings?: Readonly<Record<string, unknown>>;

  /**
   * Where the nodes run.
   * @default - a new VPC with one public subnet in each of two availability zones, and no NAT
   */
  readonly vpc?: ec2.IVpc;

  /**
   * The subnets, of which the first two in different availability zones are taken. An Elastic IP works in
   * subnets with a route to an internet gateway only.
   * @default - the public subnets of the VPC
   */
  readonly vpcSubnets?: ec2.SubnetSelection;

  /**
   * The private IPv4 addresses of the two nodes, each in the subnet of its node.
   * @default - EC2 chooses them, once
   */
  readonly privateAddresses?: readonly [string, string];

  /**
   * The instance type of both nodes. Its architecture must be that of the machine image and of the package.
   * @default t3.small
   */
  readonly instanceType?: ec2.InstanceType;

  /**
   * The image of both nodes: Amazon Linux 2023, Debian or Ubuntu. Keep it pinned: another image means other
   * instances.
   * @default - the Amazon Linux 2023 (x86_64) that was newest at the first synthesis, kept in cdk.context.json
   */
  readonly machineImage?: ec2.IMachineImage;

  /**
   * The root device of the image, so that its volume can be encrypted: '/dev/sda1' for Ubuntu.
   * @default '/dev/xvda' - as in Amazon Linux and Debian
   */
  readonly rootDeviceName?: string;

  /**
   * The allocation of an Elastic IP that exists, like "eipalloc-0123456789abcdef0".
   * @default - a new one, which goes with the stack
   */
  readonly allocationId?: string;

  /**
   * TCP ports on which the service may be asked. More is said with `connections`.
   * @default [] - none
   */
  readonly servicePorts?: readonly number[];

  /**
   * Who may ask on `servicePorts`.
   * @default - everybody (IPv4)
   */
  readonly serviceClients?: ec2.IPeer;

  /**
   * The UDP port of the heartbeats, open between the nodes only.
   * @default 9694
   */
  readonly heartbeatPort?: number;

  /**
   * Endpoints for EC2 and SSM in the subnets of the nodes, and the gateway to S3 in a new VPC. A node without
   * the Elastic IP has no public address: it needs these or another way to both services.
   * @default - true in a new VPC, false in a given one
   */
  readonly vpcEndpoints?: boolean;

  /**
   * Encrypts the key of the heartbeats in Parameter Store.
   * @default - the key `aws/ssm` of the account
   */
  readonly kmsKey?: kms.IKey;

  /**
   * Whether each node is an Auto Scaling group of one. A lost instance is then replaced, and the new one has
   * the network interface, so the address and the name, of the old one.
   * @default false
   */
  readonly replaceable?: boolean;

  /**
   * Alarms on what the daemons write to their log.
   * @default - none
   */
  readonly alarms?: PairAlarmsProps;

  /**
   * How long the stack waits until a node is fit to serve.
   * @default Duration.minutes(15)
   */
  readonly readyTimeout?: Duration;
}

/** Alarms on shipped logs. The daemon itself never calls CloudWatch. */
export interface PairAlarmsProps {
  /** Where the lines of `journalctl --unit eipkeeper` of both nodes arrive; an agent of yours ships them. */
  readonly logGroup: logs.ILogGroup;

  /**
   * Who is told.
   * @default - nobody: the alarms only show their state
   */
  readonly topic?: sns.ITopic;
}
