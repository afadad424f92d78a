import { beforeEach, describe, expect, it } from 'vitest';
import { AwsClients } from '../../src/cloud/aws-clients.ts';
import { readCallerIdentity } from '../../src/cloud/caller-identity.ts';
import { useLocalStack } from '../support/localstack.ts';

describe('who the credentials belong to, on LocalStack', () => {
  const localStack = useLocalStack();
  beforeEach((context) => localStack.skipIfMissing(context));

  it('is an ARN', async () => {
    const environment = { AWS_ENDPOINT_URL: localStack.endpoint };
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const clients = new AwsClients({ region: 'eu-central-1', version: '0', environment, credentials });
    try {
      expect(await readCallerIdentity(clients, environment)).toMatch(/^arn:aws:(iam|sts)::\d{12}:/);
    } finally {
      clients.close();
    }
  });
});
