import { vi } from 'vitest';
import { type FakeSsm, startFakeSsm } from '../witness/fake-ssm.ts';
import { CliHarness } from './cli-harness.ts';

export interface CliWithSsm {
  readonly cli: CliHarness;
  readonly ssm: FakeSsm;
  close(): Promise<void>;
}

/** The command line of an operator with a Region and credentials, and an SSM of the test's making on loopback. */
export async function startCliWithSsm(): Promise<CliWithSsm> {
  const cli = new CliHarness();
  const ssm = await startFakeSsm();
  cli.env = {
    AWS_REGION: 'eu-central-1',
    AWS_ENDPOINT_URL: ssm.service.endpoint,
    // Who asks is nice to know in some messages only; nothing of a test leaves this machine.
    AWS_ENDPOINT_URL_STS: 'http://127.0.0.1:1',
  };
  // The SDK looks for credentials by itself; it must not get as far as the metadata service.
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  return {
    cli,
    ssm,
    async close() {
      vi.unstubAllEnvs();
      await ssm.close();
    },
  };
}
