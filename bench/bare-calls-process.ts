import { AssociateAddressCommand, DescribeAddressesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { GetParametersCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';

/**
 * Runs on a node: the calls of a takeover by nothing but the SDK, one after another, on warm connections. Prints
 * one JSON line: milliseconds by call.
 */
interface BareCallOptions {
  readonly rounds: number;
  readonly prefix: string;
  readonly allocationId: string;
  /** The address goes round them. */
  readonly targets: readonly { readonly networkInterfaceId: string; readonly privateIp: string }[];
}

const options = JSON.parse(process.argv[2] ?? '{}') as BareCallOptions;
const ec2 = new EC2Client({ maxAttempts: 1 });
const ssm = new SSMClient({ maxAttempts: 1 });

const calls = {
  PutParameter: (round: number) =>
    ssm.send(
      new PutParameterCommand({
        Name: `${options.prefix}/${round}`,
        Value: 'x'.repeat(300),
        Type: 'String',
        Overwrite: false,
      }),
    ),
  GetParameters: () => ssm.send(new GetParametersCommand({ Names: [`${options.prefix}/0`] })),
  DescribeAddresses: () => ec2.send(new DescribeAddressesCommand({ AllocationIds: [options.allocationId] })),
  AssociateAddress: (round: number) => {
    const target = options.targets[round % options.targets.length]!;
    return ec2.send(
      new AssociateAddressCommand({
        AllocationId: options.allocationId,
        NetworkInterfaceId: target.networkInterfaceId,
        PrivateIpAddress: target.privateIp,
        AllowReassociation: true,
      }),
    );
  },
};

const times: Record<string, number[]> = {};
for (const [name, call] of Object.entries(calls)) {
  // The first one opens the connection and fetches the credentials.
  await call(0);
  const taken: number[] = [];
  for (let round = 1; round <= options.rounds; round += 1) {
    const startMs = performance.now();
    await call(round);
    taken.push(performance.now() - startMs);
  }
  times[name] = taken;
}
process.stdout.write(`${JSON.stringify(times)}\n`);
