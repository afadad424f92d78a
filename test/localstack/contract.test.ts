import { describe } from 'vitest';
import type { Backend } from '../contract/backend.ts';
import { describeCloudContract } from '../contract/cloud-contract.ts';
import { describePrivateAddressContract } from '../contract/private-address-contract.ts';
import { describeRegistryContract } from '../contract/registry-contract.ts';
import { describeWitnessContract } from '../contract/witness-contract.ts';
import { useLocalStack } from '../support/localstack.ts';
import { makeVpcFixture } from '../support/localstack-fixture.ts';

describe('LocalStack', () => {
  const localStack = useLocalStack();
  const backend: Backend = {
    name: 'localstack',
    endpoint: () => localStack.endpoint,
    missing: () => localStack.missing,
    deviations: [
      'omitted-reassociation-flag-refuses',
      'described-instance-id-is-empty',
      'second-address-does-not-displace-the-first',
      'private-address-not-checked',
      'private-address-on-two-interfaces',
      'filter-sees-primary-addresses-only',
      'no-reassociation-by-instance-id-steals',
      'oversized-value-accepted',
      'oversized-delete-batch-accepted',
    ],
  };
  describeCloudContract(backend, makeVpcFixture);
  describePrivateAddressContract(backend, makeVpcFixture);
  describeWitnessContract(backend);
  describeRegistryContract(backend);
});
