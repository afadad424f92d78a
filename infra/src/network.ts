import { Token } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { Construct, IDependable } from 'constructs';
import type { ElasticIpFailoverPairProps } from './props.ts';

export interface PairNetwork {
  readonly vpc: ec2.IVpc;
  /** One for each node, in different availability zones. */
  readonly subnets: readonly [ec2.ISubnet, ec2.ISubnet];
  readonly securityGroup: ec2.SecurityGroup;
  /** What has to be there before a node boots. */
  readonly routes: readonly IDependable[];
}

/** VPC, subnets, endpoints, and a security group through which only what was asked for comes in. */
export function createNetwork(
  scope: Construct,
  props: ElasticIpFailoverPairProps,
  heartbeatPort: number,
): PairNetwork {
  const vpc = props.vpc ?? newVpc(scope);
  const subnets = chooseSubnets(vpc, props.vpcSubnets);
  const securityGroup = new ec2.SecurityGroup(scope, 'SecurityGroup', {
    vpc,
    description: `Nodes of the eipkeeper cluster ${props.clusterName}`,
  });
  securityGroup.addIngressRule(securityGroup, ec2.Port.udp(heartbeatPort), 'heartbeats between the nodes');
  for (const port of props.servicePorts ?? []) {
    securityGroup.addIngressRule(
      props.serviceClients ?? ec2.Peer.anyIpv4(),
      ec2.Port.tcp(port),
      `the service on port ${port}`,
    );
  }
  const wantsEndpoints = props.vpcEndpoints ?? props.vpc === undefined;
  const endpoints = wantsEndpoints ? newEndpoints(scope, vpc, subnets, securityGroup) : [];
  return { vpc, subnets, securityGroup, routes: [vpc, ...endpoints] };
}

function newVpc(scope: Construct): ec2.IVpc {
  const vpc = new ec2.Vpc(scope, 'Vpc', {
    maxAzs: 2,
    natGateways: 0,
    subnetConfiguration: [
      { name: 'Nodes', subnetType: ec2.SubnetType.PUBLIC, cidrMask: 24, mapPublicIpOnLaunch: false },
    ],
    // Free of charge; packages of Amazon Linux and what a node tells CloudFormation go this way.
    gatewayEndpoints: { S3: { service: ec2.GatewayVpcEndpointAwsService.S3 } },
  });
  // aws-cdk-lib is not written for exactOptionalPropertyTypes: its own Vpc is no IVpc then.
  return vpc as ec2.IVpc;
}

function chooseSubnets(
  vpc: ec2.IVpc,
  selection: ec2.SubnetSelection = { subnetType: ec2.SubnetType.PUBLIC },
): readonly [ec2.ISubnet, ec2.ISubnet] {
  const { subnets } = vpc.selectSubnets(selection);
  const [first, ...others] = subnets;
  const second = others.find(({ availabilityZone }) => availabilityZone !== first?.availabilityZone);
  if (first === undefined || second === undefined) {
    const zones = subnets.map(({ availabilityZone }) =>
      Token.isUnresolved(availabilityZone) ? 'a zone not known yet' : availabilityZone,
    );
    throw new Error(
      `the two nodes need subnets in different availability zones, but the selection has ${zones.join(', ') || 'none'}: choose others with vpcSubnets`,
    );
  }
  return [first, second];
}

function newEndpoints(
  scope: Construct,
  vpc: ec2.IVpc,
  subnets: readonly ec2.ISubnet[],
  nodes: ec2.SecurityGroup,
): IDependable[] {
  const securityGroup = new ec2.SecurityGroup(scope, 'EndpointSecurityGroup', {
    vpc,
    description: 'Endpoints of EC2 and SSM for the nodes',
    allowAllOutbound: false,
  });
  securityGroup.addIngressRule(nodes, ec2.Port.tcp(443), 'calls of the nodes');
  const services = {
    Ec2Endpoint: ec2.InterfaceVpcEndpointAwsService.EC2,
    SsmEndpoint: ec2.InterfaceVpcEndpointAwsService.SSM,
  };
  return Object.entries(services).map(
    ([id, service]) =>
      new ec2.InterfaceVpcEndpoint(scope, id, {
        vpc,
        service,
        subnets: { subnets: [...subnets] },
        securityGroups: [securityGroup],
        // The rule is written above: one for the whole VPC would let others in.
        open: false,
      }),
  );
}
