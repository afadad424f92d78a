import { CfnOutput, DefaultStackSynthesizer, type IStackSynthesizer, Stack, Validations } from 'aws-cdk-lib';
import { MachineImage } from 'aws-cdk-lib/aws-ec2';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { ElasticIpFailoverPair, type NodePackage } from '../src/index.ts';

export interface ExampleProps {
  readonly region: string;
  /** An Amazon Linux 2023, Debian or Ubuntu of that Region. */
  readonly imageId: string;
  readonly package: NodePackage;
  /** An Elastic IP that exists; left out, a new one. */
  readonly allocationId?: string;
  /** Left out, EC2 chooses them. */
  readonly privateAddresses?: readonly [string, string];
  /** Left out, a lost instance is not replaced. */
  readonly replaceable?: boolean;
  /** Left out, nobody is told. */
  readonly alarms?: boolean;
}

/** What cdk-nag and CDK's own checks would say, and why it is so here. */
const ACCEPTED: Readonly<Record<string, string>> = {
  'AwsSolutions::AwsSolutions-VPC7': 'an example: flow logs cost, and are the choice of whoever runs it',
  'AwsSolutions::AwsSolutions-EC23': 'a public web server is asked by everybody, on port 80 only',
  'AwsSolutions::AwsSolutions-EC28': 'the daemons watch each other ten times a second',
  'AwsSolutions::AwsSolutions-EC29': 'one node may go at any time: that is what the pair is for',
  'AwsSolutions::AwsSolutions-AS3': 'the alarms tell what the change of an instance meant',
  'CloudFormation-Validate::W9010': 'a pinned image: another one means other instances',
};

/** A web server behind one address, on two instances. Needs no bootstrapped account. */
export class ExampleStack extends Stack {
  readonly pair: ElasticIpFailoverPair;

  constructor(scope: Construct, id: string, props: ExampleProps) {
    super(scope, id, {
      env: { region: props.region },
      // aws-cdk-lib is not written for exactOptionalPropertyTypes.
      synthesizer: new DefaultStackSynthesizer({ generateBootstrapVersionRule: false }) as IStackSynthesizer,
    });
    const alarms =
      props.alarms === true
        ? {
            logGroup: new LogGroup(this, 'Log', { retention: RetentionDays.ONE_MONTH }),
            topic: new Topic(this, 'Alarm', { enforceSSL: true }),
          }
        : undefined;
    this.pair = new ElasticIpFailoverPair(this, 'Pair', {
      clusterName: 'web',
      package: props.package,
      machineImage: MachineImage.genericLinux({ [props.region]: props.imageId }),
      servicePorts: [80],
      resources: [{ nginx: { health: { url: 'http://127.0.0.1/' } } }],
      ...(props.allocationId === undefined ? {} : { allocationId: props.allocationId }),
      ...(props.privateAddresses === undefined ? {} : { privateAddresses: props.privateAddresses }),
      ...(props.replaceable === undefined ? {} : { replaceable: props.replaceable }),
      ...(alarms === undefined ? {} : { alarms }),
    });
    for (const [id, reason] of Object.entries(ACCEPTED)) Validations.of(this).acknowledge({ id, reason });
    if (this.pair.publicAddress !== null) {
      new CfnOutput(this, 'Address', { value: this.pair.publicAddress });
    }
  }
}
