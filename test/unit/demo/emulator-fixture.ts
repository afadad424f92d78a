import { EC2Client } from '@aws-sdk/client-ec2';
import { SSMClient } from '@aws-sdk/client-ssm';
import { onTestFinished } from 'vitest';
import { AwsEmulator, type AwsEmulatorOptions } from '../../../src/demo/emulator/aws-emulator.ts';

export const PUBLIC_IP = '203.0.113.10';

/** A started emulator with the nodes main and aux and one Elastic IP; closed when the test ends. */
export async function startEmulator(options: Partial<AwsEmulatorOptions> = {}) {
  const emulator = new AwsEmulator({
    nodes: [
      { name: 'main', privateIp: '127.0.0.11' },
      { name: 'aux', privateIp: '127.0.0.12' },
    ],
    ...options,
  });
  onTestFinished(() => emulator.close());
  await emulator.start();
  const address = emulator.cloud.allocate({ publicIp: PUBLIC_IP });
  return { emulator, address, allocationId: address.allocationId };
}

/** The SDK's own clients, one attempt each, with the keys of `caller`. */
export function clientsOf(emulator: AwsEmulator, caller = 'operator') {
  const { expiresAtMs: _, ...credentials } = emulator.credentialsOf(caller);
  const options = { region: emulator.region, endpoint: emulator.endpoint, credentials, maxAttempts: 1 };
  const ec2 = new EC2Client(options);
  const ssm = new SSMClient(options);
  onTestFinished(() => {
    ec2.destroy();
    ssm.destroy();
  });
  return { ec2, ssm };
}

/** A clock that only the test moves. */
export function manualClock(startMs = Date.UTC(2030, 0, 1)) {
  let nowMs = startMs;
  return {
    nowMs: () => nowMs,
    advance: (byMs: number) => {
      nowMs += byMs;
    },
  };
}
