import { afterAll } from 'vitest';
import { openAdapters } from '../contract/adapters.ts';
import { type CloudFixture, plainEc2 } from '../contract/backend.ts';
import { describeCallContract } from '../contract/call-contract.ts';
import { useLocalStack } from '../support/localstack.ts';
import { makeVpcFixture } from '../support/localstack-fixture.ts';

const localStack = useLocalStack();
let fixture: CloudFixture | null = null;
let close = () => {};

afterAll(async () => {
  close();
  await fixture?.cleanUp();
});

describeCallContract(
  'the adapters over LocalStack',
  async () => {
    fixture = await makeVpcFixture(plainEc2(localStack.endpoint));
    const adapters = openAdapters(localStack.endpoint, fixture);
    close = adapters.close;
    return adapters.perform;
  },
  () => localStack.missing,
);
