import { EC2Client } from '@aws-sdk/client-ec2';
import { SSMClient } from '@aws-sdk/client-ssm';

/**
 * Where a backend is known to differ from what AWS documents. A deviation is asserted like a fact, so that a
 * backend which no longer deviates fails its test and is taken off the list. Each is described in
 * docs/discoveries/backends.md.
 */
export type Deviation =
  | 'omitted-reassociation-flag-refuses'
  | 'described-instance-id-is-empty'
  | 'second-address-does-not-displace-the-first'
  | 'private-address-not-checked'
  | 'private-address-on-two-interfaces'
  | 'filter-sees-primary-addresses-only'
  | 'no-reassociation-by-instance-id-steals'
  | 'oversized-value-accepted'
  | 'oversized-delete-batch-accepted'
  | 'dry-run-not-supported';

export interface Backend {
  readonly name: string;
  /** Read inside tests and hooks only: it may not be known earlier. */
  endpoint(): string;
  readonly deviations: readonly Deviation[];
  /** '' when the backend is there, else why its tests are skipped. */
  missing?(): string;
}

/** One instance of the fixture, with its primary interface and primary private address. */
export interface FixtureNode {
  readonly instanceId: string;
  readonly networkInterfaceId: string;
  readonly privateAddress: string;
  /** Another place on this instance for an address. */
  readonly second: { readonly networkInterfaceId: string; readonly privateAddress: string };
}

/** What a backend has to offer for the suite on EC2: two running instances and two free addresses. */
export interface CloudFixture {
  readonly nodes: readonly [FixtureNode, FixtureNode];
  readonly allocationIds: readonly [string, string];
  /** Of all interfaces. */
  readonly subnetId: string;
  /** The public address of the first allocation. */
  readonly publicAddress: string;
  stopInstance(instanceId: string): Promise<void>;
  startInstance(instanceId: string): Promise<void>;
  cleanUp(): Promise<void>;
}

const FAKE_CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };

/** A client of the SDK alone, for stating facts without our own code between. */
export function plainEc2(endpoint: string): EC2Client {
  return new EC2Client({ endpoint, region: 'eu-central-1', credentials: FAKE_CREDENTIALS, maxAttempts: 1 });
}

export function plainSsm(endpoint: string): SSMClient {
  return new SSMClient({ endpoint, region: 'eu-central-1', credentials: FAKE_CREDENTIALS, maxAttempts: 1 });
}

/** The name of the error with which `call` is refused, or 'success'. */
export async function outcomeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'success';
  } catch (error) {
    return error instanceof Error ? error.name : String(error);
  }
}
