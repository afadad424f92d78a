import { DeleteParameterCommand, GetParameterCommand } from '@aws-sdk/client-ssm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AwsClients } from '../../src/cloud/aws-clients.ts';
import { createKeyParameter } from '../../src/runtime/key-parameter.ts';
import { ParameterKeyStore } from '../../src/runtime/key-store.ts';
import { plainSsm } from '../contract/backend.ts';
import { useLocalStack } from '../support/localstack.ts';

const NAME = '/eipkeeper/key-parameter-test/key';

vi.setConfig({ testTimeout: 60_000 });

describe('the key of the heartbeats, made by the first node', () => {
  const localStack = useLocalStack();
  const opened: AwsClients[] = [];
  const make = (text: string, patienceMs = 20_000) => {
    const clients = new AwsClients({
      region: 'eu-central-1',
      version: '0',
      environment: { AWS_ENDPOINT_URL: localStack.endpoint },
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    opened.push(clients);
    const { signal } = new AbortController();
    return createKeyParameter(clients, { name: NAME, text, kmsKeyId: null }, { signal, patienceMs });
  };

  beforeEach((context) => localStack.skipIfMissing(context));
  afterEach(async () => {
    for (const clients of opened.splice(0)) clients.close();
    if (localStack.missing !== '') return;
    const ssm = plainSsm(localStack.endpoint);
    await ssm.send(new DeleteParameterCommand({ Name: NAME })).catch(() => {});
    ssm.destroy();
  });

  it('is a SecureString, and stays the first one whoever comes later', async () => {
    // Or 'was-there', where the machine is so busy that the answer comes after the deadline.
    await make('first');
    expect(await make('second')).toBe('was-there');
    const ssm = plainSsm(localStack.endpoint);
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name: NAME, WithDecryption: true }));
    ssm.destroy();
    expect(Parameter).toMatchObject({ Type: 'SecureString', Value: 'first' });
  });

  it('is written again under the KMS key that it has', async () => {
    await make('first');
    const clients = new AwsClients({
      region: 'eu-central-1',
      version: '0',
      environment: { AWS_ENDPOINT_URL: localStack.endpoint },
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    opened.push(clients);
    const { signal } = new AbortController();
    const store = new ParameterKeyStore(clients, { name: NAME, kmsKeyId: null }, signal);
    await store.write('second');
    expect(await store.read()).toBe('second');
  });

  it('is given up with the sentence of the call that failed', async () => {
    const clients = new AwsClients({
      region: 'eu-central-1',
      version: '0',
      // Nobody listens on port 1.
      environment: { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' },
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    opened.push(clients);
    const { signal } = new AbortController();
    const making = createKeyParameter(
      clients,
      { name: NAME, text: 'x', kmsKeyId: null },
      { signal, patienceMs: 0 },
    );
    await expect(making).rejects.toThrow('SSM PutParameter failed');
  });
});
