import { afterAll } from 'vitest';
import { openAdapters } from '../contract/adapters.ts';
import { type CloudFixture, plainEc2 } from '../contract/backend.ts';
import { describeCallContract } from '../contract/call-contract.ts';
import { useLocalStack } from '../support/localstack.ts';
import { makeVpcFixture } from '../support/localstack-fixture.ts';

const localStack = useLocalStack();
const opened: { close(): void }[] = [];
const fixtures: CloudFixture[] = [];

afterAll(async () => {
  for (const adapters of opened) adapters.close();
  for (const fixture of fixtures) await fixture.cleanUp();
});

for (const addresses of ['one address', 'two addresses'] as const) {
  describeCallContract(
    `the adapters over LocalStack, for a group with ${addresses}`,
    async () => {
      const fixture = await makeVpcFixture(plainEc2(localStack.endpoint));
      fixtures.push(fixture);
      const adapters = openAdapters(localStack.endpoint, fixture, addresses);
      opened.push(adapters);
      return adapters.perform;
    },
    () => localStack.missing,
  );
}
