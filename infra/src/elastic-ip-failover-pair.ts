import { Annotations, CfnWaitCondition, CfnWaitConditionHandle, Duration, Stack, Token } from 'aws-cdk-lib';
import type * as autoscaling from 'aws-cdk-lib/aws-autoscaling';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as ssm from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import type { PackageSource } from '../../src/user-data/input.ts';
import { userDataScript } from '../../src/user-data/script.ts';
import { createAlarms } from './alarms.ts';
import { createConfiguration } from './configuration.ts';
import { createInstance, createReplaceable } from './machine.ts';
import { createNetwork } from './network.ts';
import { explainWildcards, newNodeRole, nodeStatements } from './node-role.ts';
import { type ParameterPaths, parameterPaths } from './parameter-paths.ts';
import type { ElasticIpFailoverPairProps } from './props.ts';

const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/;
/** CloudFormation waits at most this long. */
const READY_TIMEOUT_MAX = Duration.hours(12);

/** One of the two nodes. */
export interface PairNode {
  readonly name: string;
  /** The interface on which heartbeats arrive and to which the Elastic IP goes. */
  readonly networkInterfaceId: string;
  readonly privateAddress: string;
  /** null when the pair is replaceable: instances then come and go. */
  readonly instance: ec2.CfnInstance | null;
  /** null unless the pair is replaceable. */
  readonly autoScalingGroup: autoscaling.CfnAutoScalingGroup | null;
}

/**
 * Two instances in different availability zones that keep an Elastic IP, and the services behind it, on a
 * healthy one of them. The stack is complete when both nodes are fit to serve.
 */
export class ElasticIpFailoverPair extends Construct implements ec2.IConnectable, iam.IGrantable {
  /** In order of preference. */
  readonly nodes: readonly PairNode[];
  readonly allocationId: string;
  /** The address itself; null when it was given by its allocation. */
  readonly publicAddress: string | null;
  readonly vpc: ec2.IVpc;
  readonly securityGroup: ec2.SecurityGroup;
  /** For rules beyond `servicePorts`. */
  readonly connections: ec2.Connections;
  /** The role of both nodes. */
  readonly role: iam.Role;
  readonly grantPrincipal: iam.IPrincipal;
  /** Holds the configuration file. */
  readonly configuration: ssm.StringParameter;
  /** The SecureString of the heartbeats' key, which the first node makes. It stays when the stack goes. */
  readonly keyParameterName: string;
  readonly alarms: readonly cloudwatch.Alarm[];

  constructor(scope: Construct, id: string, props: ElasticIpFailoverPairProps) {
    super(scope, id);
    const nodeNames = props.nodeNames ?? (['main', 'aux'] as const);
    const groupName = props.groupName ?? 'web';
    const heartbeatPort = props.heartbeatPort ?? 9694;
    checkNames(props.clusterName, groupName, nodeNames);
    const parameters = parameterPaths(props.clusterName, groupName);
    this.keyParameterName = parameters.key;

    const network = createNetwork(this, props, heartbeatPort);
    this.vpc = network.vpc;
    this.securityGroup = network.securityGroup;
    this.connections = network.securityGroup.connections;

    const address = this.#createAddress(props);
    this.allocationId = address.allocationId;
    this.publicAddress = address.publicAddress;

    const interfaces = network.subnets.map((subnet, index) =>
      this.#createInterface(nodeNames[index]!, subnet, props.privateAddresses?.[index]),
    );
    const places = interfaces.map((networkInterface, index) => ({
      name: nodeNames[index]!,
      networkInterfaceId: networkInterface.ref,
      privateAddress: props.privateAddresses?.[index] ?? networkInterface.attrPrimaryPrivateIpAddress,
      availabilityZone: network.subnets[index]!.availabilityZone,
    }));

    this.configuration = createConfiguration(this, {
      clusterName: props.clusterName,
      groupName,
      parameters,
      nodes: places,
      heartbeatPort,
      allocationId: this.allocationId,
      resources: props.resources ?? [{ nginx: {} }],
      groupSettings: props.groupSettings ?? {},
      settings: props.settings ?? {},
    });

    this.role = newNodeRole(this);
    this.grantPrincipal = this.role;
    const limits = {
      clusterName: props.clusterName,
      parameters,
      allocationId: this.allocationId,
      networkInterfaceIds: places.map(({ networkInterfaceId }) => networkInterfaceId),
      kmsKey: props.kmsKey,
    };
    for (const statement of nodeStatements(this, limits)) this.role.addToPolicy(statement);
    explainWildcards(this.role, limits);
    const source = props.package.bind(this, this.role);
    if (props.vpc === undefined && source.kind !== 's3') {
      Annotations.of(this).addWarningV2(
        'eipkeeper:package-out-of-reach',
        'nodes in the new VPC reach S3, EC2 and SSM, but not the internet: give the package as a file or a bucket',
      );
    }

    const image = (props.machineImage ?? defaultImage(this)).getImage(this);
    const instanceProfile = new iam.CfnInstanceProfile(this, 'InstanceProfile', {
      roles: [this.role.roleName],
    });
    this.nodes = places.map(({ availabilityZone, ...place }) => {
      const node = new Construct(this, `Node-${place.name}`);
      const readiness = createReadiness(node, props.readyTimeout ?? Duration.minutes(15));
      const machine = {
        clusterName: props.clusterName,
        nodeName: place.name,
        networkInterfaceId: place.networkInterfaceId,
        availabilityZone,
        imageId: image.imageId,
        instanceType: props.instanceType ?? ec2.InstanceType.of(ec2.InstanceClass.T3, ec2.InstanceSize.SMALL),
        instanceProfile,
        userData: this.#userData(props, source, parameters, readiness.handle),
      };
      const root = props.rootDeviceName ?? '/dev/xvda';
      const instance = props.replaceable === true ? null : createInstance(node, machine, root);
      const autoScalingGroup = props.replaceable === true ? createReplaceable(node, machine, root) : null;
      const started = instance ?? autoScalingGroup!;
      // What a node asks for in its first minute has to be there before it boots.
      started.node.addDependency(this.configuration, this.role, this.securityGroup, ...network.routes);
      readiness.condition.addResourceDependency(started);
      return { ...place, instance, autoScalingGroup };
    });
    this.alarms = props.alarms === undefined ? [] : createAlarms(this, props.clusterName, props.alarms);
  }

  #createAddress({ allocationId, clusterName }: ElasticIpFailoverPairProps) {
    if (allocationId !== undefined) return { allocationId, publicAddress: null };
    const address = new ec2.CfnEIP(this, 'ElasticIp', {
      domain: 'vpc',
      tags: [{ key: 'Name', value: clusterName }],
    });
    return { allocationId: address.attrAllocationId, publicAddress: address.attrPublicIp };
  }

  #createInterface(nodeName: string, subnet: ec2.ISubnet, privateAddress: string | undefined) {
    return new ec2.CfnNetworkInterface(this, `Interface-${nodeName}`, {
      subnetId: subnet.subnetId,
      groupSet: [this.securityGroup.securityGroupId],
      description: `eipkeeper: ${nodeName}`,
      ...(privateAddress === undefined ? {} : { privateIpAddress: privateAddress }),
    });
  }

  #userData(
    props: ElasticIpFailoverPairProps,
    source: PackageSource,
    parameters: ParameterPaths,
    handle: CfnWaitConditionHandle,
  ): string {
    const timeout = props.readyTimeout ?? Duration.minutes(15);
    return userDataScript({
      package: source,
      configuration: { kind: 'ssm', parameter: parameters.configuration },
      generateKey: { parameter: parameters.key, kmsKeyId: props.kmsKey?.keyArn ?? null },
      nginx: (props.resources ?? [{ nginx: {} }]).some((resource) => 'nginx' in resource),
      // The machine has to boot, to install, and to say how it went.
      waitSeconds: Math.max(60, timeout.toSeconds() - 240),
      signalUrl: handle.ref,
    });
  }
}

function checkNames(clusterName: string, groupName: string, nodeNames: readonly string[]): void {
  for (const name of [clusterName, groupName, ...nodeNames]) {
    if (Token.isUnresolved(name) || !NAME.test(name)) {
      throw new Error(
        `${JSON.stringify(name)} is no name: begin with a letter or a digit, at most 63 letters, digits, "-" and "_"`,
      );
    }
  }
  if (nodeNames[0] === nodeNames[1])
    throw new Error(`both nodes are called ${nodeNames[0]}: give them two names`);
}

/** The stack is told by each node whether it is fit to serve, and why not. */
function createReadiness(scope: Construct, timeout: Duration) {
  if (timeout.toSeconds() > READY_TIMEOUT_MAX.toSeconds()) {
    throw new Error(`CloudFormation waits at most 12 hours, readyTimeout is ${timeout.toHumanString()}`);
  }
  const handle = new CfnWaitConditionHandle(scope, 'ReadyHandle');
  const condition = new CfnWaitCondition(scope, 'Ready', {
    handle: handle.ref,
    timeout: String(timeout.toSeconds()),
    count: 1,
  });
  return { handle, condition };
}

/** Pinned: an image that changes by itself would mean new instances at every deployment. */
function defaultImage(scope: Construct): ec2.IMachineImage {
  const { account, region } = Stack.of(scope);
  if (Token.isUnresolved(account) || Token.isUnresolved(region)) {
    throw new Error(
      'the newest Amazon Linux can be looked up only for a known account and Region: give the stack its env, or the pair a machineImage',
    );
  }
  return ec2.MachineImage.latestAmazonLinux2023({ cachedInContext: true });
}
