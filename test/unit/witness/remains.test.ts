import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AwsClients } from '../../../src/cloud/aws-clients.ts';
import { deleteRemains } from '../../../src/witness/remains.ts';
import { type FakeSsm, startFakeSsm } from './fake-ssm.ts';

const NAMES = Array.from({ length: 25 }, (_, place) => `/eipkeeper/web/g${place}/newest`);

let ssm: FakeSsm;
beforeEach(async () => {
  ssm = await startFakeSsm();
  for (const name of NAMES) ssm.values.set(name, '5');
});
afterEach(() => ssm.close());

const left = () => [...ssm.values.keys()];

describe('deleting what a cluster has left', () => {
  it('goes on to the last name', async () => {
    await deleteRemains(ssm.clients, NAMES, new AbortController().signal);
    expect(left()).toEqual([]);
  });

  it('says how far it came when it is given up between two batches', async () => {
    const interrupt = new AbortController();
    const clients = new AwsClients({
      region: 'eu-central-1',
      version: '0',
      environment: { AWS_ENDPOINT_URL: ssm.service.endpoint },
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      onCall: () => setImmediate(() => interrupt.abort()),
    });
    try {
      await expect(deleteRemains(clients, NAMES, interrupt.signal)).rejects.toMatchObject({
        name: 'RemainsError',
        message: 'given up; 10 of 25 deleted',
      });
    } finally {
      clients.close();
    }
    expect(left()).toEqual(NAMES.slice(10));
  });

  it('says how far it came when a batch is refused', async () => {
    ssm.refuse = () => (left().length === 5 ? 'AccessDeniedException' : '');
    await expect(deleteRemains(ssm.clients, NAMES, new AbortController().signal)).rejects.toMatchObject({
      denied: true,
      message: expect.stringMatching(/^SSM DeleteParameters failed: .*; 20 of 25 deleted$/),
    });
  });
});
