import { execFileSync } from 'node:child_process';
import { Duration } from 'aws-cdk-lib';
import { Match } from 'aws-cdk-lib/assertions';
import { type IVpc, Peer, Vpc } from 'aws-cdk-lib/aws-ec2';
import { describe, expect, it } from 'vitest';
import { NodePackage } from '../../../infra/src/index.ts';
import { groupResources } from '../../../src/config/configuration.ts';
import { parseConfiguration } from '../../../src/config/load.ts';
import { deployed, synthesise } from './synthesise.ts';

describe('a pair', () => {
  const { template, pair } = synthesise({ servicePorts: [80, 443] });
  const instances = Object.values(template.findResources('AWS::EC2::Instance'));

  it('is two instances in different availability zones', () => {
    const interfaces = Object.values(template.findResources('AWS::EC2::NetworkInterface'));
    const subnets = interfaces.map(({ Properties }) => Properties.SubnetId.Ref as string);
    const all = template.findResources('AWS::EC2::Subnet');
    const zones = subnets.map((id) => JSON.stringify(all[id]!.Properties.AvailabilityZone));
    expect(instances).toHaveLength(2);
    expect(new Set(zones).size).toBe(2);
  });

  it('requires version 2 of the metadata service, from the instance itself, and encrypts its disks', () => {
    for (const { Properties } of instances) {
      expect(Properties.MetadataOptions).toEqual({
        HttpEndpoint: 'enabled',
        HttpTokens: 'required',
        HttpPutResponseHopLimit: 1,
      });
      expect(Properties.BlockDeviceMappings[0].Ebs.Encrypted).toBe(true);
    }
  });

  it('lets in heartbeats from its own members, the service from everybody, and nothing else', () => {
    template.hasResourceProperties('AWS::EC2::SecurityGroup', {
      GroupDescription: 'Nodes of the eipkeeper cluster web',
      SecurityGroupIngress: [80, 443].map((port) =>
        Match.objectLike({ CidrIp: '0.0.0.0/0', FromPort: port, IpProtocol: 'tcp', ToPort: port }),
      ),
    });
    const [group] = Object.entries(template.findResources('AWS::EC2::SecurityGroup')).find(
      ([, { Properties }]) => Properties.GroupDescription.startsWith('Nodes'),
    )!;
    const rules = Object.values(template.findResources('AWS::EC2::SecurityGroupIngress'))
      .map(({ Properties }) => Properties)
      .filter(({ GroupId }) => GroupId['Fn::GetAtt'][0] === group);
    expect(rules).toEqual([
      expect.objectContaining({
        FromPort: 9694,
        IpProtocol: 'udp',
        SourceSecurityGroupId: { 'Fn::GetAtt': [group, 'GroupId'] },
      }),
    ]);
  });

  it('writes a configuration that the daemon takes', () => {
    const [parameter] = Object.values(template.findResources('AWS::SSM::Parameter'));
    const text = deployed(parameter!.Properties.Value)
      .replace(/<\w+main\w+\.PrimaryPrivateIpAddress>/, '10.0.0.11')
      .replace(/<\w+aux\w+\.PrimaryPrivateIpAddress>/, '10.0.1.12')
      .replace(/<\w+\.AllocationId>/, 'eipalloc-0123456789abcdef0');
    const { file, witnessPrefix } = parseConfiguration(Buffer.from(text), 'config');
    expect(witnessPrefix).toBe('/eipkeeper/web');
    expect(file.key).toEqual({ kind: 'ssm', name: '/eipkeeper/web/key' });
    expect(Object.keys(file.nodes)).toEqual(['main', 'aux']);
    expect(file.nodes.aux?.addresses).toEqual(['10.0.1.12']);
    expect(file.groups.web?.nodes).toEqual(['main', 'aux']);
    const resources = groupResources(file.groups.web!);
    expect(resources.addresses[0]?.parameters).toMatchObject({ allocationId: 'eipalloc-0123456789abcdef0' });
    expect(resources.services.map(({ type }) => type)).toEqual(['nginx']);
  });

  it('gives each node a script that a shell can read, with the handle of its own wait condition', () => {
    const handles = Object.keys(template.findResources('AWS::CloudFormation::WaitConditionHandle'));
    for (const [index, { Properties }] of instances.entries()) {
      const script = deployed(Properties.UserData);
      execFileSync('sh', ['-n'], { input: script });
      expect(handles.filter((handle) => script.includes(`'<${handle}>'`))).toEqual([handles[index]]);
      expect(script).toContain("config='ssm:/eipkeeper/web/config'");
      expect(script).toContain("eipkeeper keygen --ssm '/eipkeeper/web/key'");
      expect(script).toContain('eipkeeper doctor --wait 660s ');
    }
    template.allResourcesProperties('AWS::CloudFormation::WaitCondition', { Count: 1, Timeout: '900' });
  });

  it('has no key in its template: the first node makes it', () => {
    expect(JSON.stringify(template.toJSON())).not.toMatch(/SecureString|[A-Za-z0-9+/]{43}=/);
    expect(pair.keyParameterName).toBe('/eipkeeper/web/key');
  });

  it('has role, configuration and ways to AWS before a node boots', () => {
    const needed = Object.entries(template.toJSON().Resources as Record<string, { Type: string }>)
      .filter(([, { Type }]) =>
        ['AWS::IAM::Policy', 'AWS::SSM::Parameter', 'AWS::EC2::VPCEndpoint'].includes(Type),
      )
      .map(([id]) => id);
    for (const { DependsOn } of instances) expect(DependsOn).toEqual(expect.arrayContaining(needed));
    expect(needed).toHaveLength(5);
  });

  it('reaches EC2, SSM and S3 without a public address', () => {
    const names = Object.values(template.findResources('AWS::EC2::VPCEndpoint')).map(({ Properties }) =>
      deployed(Properties.ServiceName).replace('<AWS::Region>', 'eu-west-1'),
    );
    expect(names.sort()).toEqual(['ec2', 's3', 'ssm'].map((name) => `com.amazonaws.eu-west-1.${name}`));
    template.resourceCountIs('AWS::EC2::NatGateway', 0);
    template.allResourcesProperties('AWS::EC2::Subnet', { MapPublicIpOnLaunch: false });
  });

  it('warns when its nodes could not reach their package', () => {
    const warned = ({ stack }: ReturnType<typeof synthesise>) =>
      stack.node
        .findAll()
        .some(({ node }) => node.metadata.some(({ data }) => /but not the internet/.test(String(data))));
    expect(warned(synthesise())).toBe(true);
    expect(warned(synthesise({ package: NodePackage.fromAsset(import.meta.filename) }))).toBe(false);
  });
});

describe('what it is given', () => {
  it('is used: VPC, address, names, private addresses, ports, clients, settings', () => {
    const { template, pair } = synthesise((stack) => ({
      vpc: new Vpc(stack, 'Given', { maxAzs: 2, natGateways: 0 }) as IVpc,
      allocationId: 'eipalloc-0aaa',
      nodeNames: ['left', 'right'],
      groupName: 'mail',
      privateAddresses: ['10.0.0.11', '10.0.64.12'],
      heartbeatPort: 9700,
      servicePorts: [25],
      serviceClients: Peer.ipv4('192.0.2.0/24'),
      resources: [{ exec: { run: ['/usr/bin/smtpd'] } }],
      settings: { profile: 'fast' },
      groupSettings: { failback: 'manual' },
    }));
    template.resourceCountIs('AWS::EC2::VPC', 1);
    template.resourceCountIs('AWS::EC2::VPCEndpoint', 0);
    template.resourceCountIs('AWS::EC2::EIP', 0);
    expect(pair.publicAddress).toBe(null);
    const [parameter] = Object.values(template.findResources('AWS::SSM::Parameter'));
    const { file } = parseConfiguration(Buffer.from(deployed(parameter!.Properties.Value)), 'config');
    expect(file).toMatchObject({ port: 9700, profile: 'fast' });
    expect(file.nodes.right?.addresses).toEqual(['10.0.64.12']);
    expect(file.groups.mail?.failback.mode).toBe('manual');
    template.hasResourceProperties('AWS::EC2::NetworkInterface', { PrivateIpAddress: '10.0.0.11' });
    template.hasResourceProperties('AWS::EC2::SecurityGroup', {
      SecurityGroupIngress: [Match.objectLike({ CidrIp: '192.0.2.0/24', FromPort: 25 })],
    });
    const [instance] = Object.values(template.findResources('AWS::EC2::Instance'));
    expect(deployed(instance!.Properties.UserData)).not.toContain('nginx');
  });

  it.each([
    [{ clusterName: 'a/b' }, '"a/b" is no name'],
    [{ nodeNames: ['main', 'main'] as [string, string] }, 'both nodes are called main'],
    [{ readyTimeout: Duration.hours(13) }, 'waits at most 12 hours'],
    [{ vpcSubnets: { subnets: [] } }, 'subnets in different availability zones'],
  ])('is refused when it cannot be right: %j', (change, message) => {
    expect(() => synthesise(change)).toThrow(message);
  });

  it('needs an image where the newest cannot be looked up once and kept', () => {
    expect(() => synthesise({ machineImage: undefined as never }, {})).toThrow(
      'give the stack its env, or the pair a machineImage',
    );
  });
});

describe('a replaceable pair', () => {
  const { template, pair } = synthesise({ replaceable: true });

  it('is a group of one for each node, with the interface of that node', () => {
    template.resourceCountIs('AWS::EC2::Instance', 0);
    template.allResourcesProperties('AWS::AutoScaling::AutoScalingGroup', {
      MinSize: '1',
      MaxSize: '1',
      InstanceMaintenancePolicy: { MinHealthyPercentage: 0, MaxHealthyPercentage: 100 },
      VPCZoneIdentifier: Match.absent(),
    });
    const templates = Object.values(template.findResources('AWS::EC2::LaunchTemplate'));
    const interfaces = templates.map(({ Properties }) => Properties.LaunchTemplateData.NetworkInterfaces[0]);
    expect(new Set(interfaces.map(({ NetworkInterfaceId }) => NetworkInterfaceId.Ref)).size).toBe(2);
    expect(interfaces.every(({ DeleteOnTermination }) => DeleteOnTermination === false)).toBe(true);
    expect(
      pair.nodes.every(({ instance, autoScalingGroup }) => instance === null && autoScalingGroup !== null),
    ).toBe(true);
  });

  it('does not touch instances that run when the template changes', () => {
    for (const group of Object.values(template.findResources('AWS::AutoScaling::AutoScalingGroup'))) {
      expect(group.UpdatePolicy).toBeUndefined();
    }
  });

  it('requires version 2 of the metadata service', () => {
    template.allResourcesProperties('AWS::EC2::LaunchTemplate', {
      LaunchTemplateData: Match.objectLike({ MetadataOptions: Match.objectLike({ HttpTokens: 'required' }) }),
    });
  });
});

describe('a changed script', () => {
  const ids = (url: string) =>
    Object.keys(
      synthesise({ package: NodePackage.fromUrl(url) }).template.findResources('AWS::EC2::Instance'),
    );

  it('means another instance, which CloudFormation cannot make while the interface is in use', () => {
    expect(ids('https://h/a.rpm')).toEqual(ids('https://h/a.rpm'));
    expect(ids('https://h/a.rpm')).not.toEqual(ids('https://h/b.rpm'));
  });
});
