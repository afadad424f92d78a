import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AwsClients } from '../../src/cloud/aws-clients.ts';
import { NodeRegistry } from '../../src/witness/node-registry.ts';
import type { Registration } from '../../src/witness/registration-record.ts';
import type { Backend } from './backend.ts';

/** What finding each other by registration relies on, against any backend that speaks the API of Parameter Store. */
export function describeRegistryContract(backend: Backend): void {
  describe(`the registry of nodes over ${backend.name}`, () => {
    let clients: AwsClients;
    let registry: NodeRegistry;
    const bounds = () => ({ signal: new AbortController().signal, deadlineMs: 15_000 });
    const by = (instanceId: string, node = 'aux'): Registration => ({
      v: 1,
      node,
      instanceId,
      addresses: ['10.0.0.12'],
      port: 9694,
    });
    const entriesOf = async (...names: readonly string[]) => {
      const reading = await registry.read(names, bounds());
      if (reading.status === 'failed') throw new Error(reading.failed.reason);
      return reading.entries;
    };

    beforeAll(() => {
      if ((backend.missing?.() ?? '') !== '') return;
      clients = new AwsClients({
        region: 'eu-central-1',
        version: '0',
        environment: { AWS_ENDPOINT_URL: backend.endpoint() },
        credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      });
    });
    beforeEach((context) => {
      const missing = backend.missing?.() ?? '';
      if (missing !== '') context.skip(missing);
      registry = new NodeRegistry({ clients, prefix: `/eipkeeper-${randomBytes(4).toString('hex')}` });
    });
    afterAll(() => clients?.close());

    it('gives a free name to the first of two, and keeps it', async () => {
      expect(await registry.write(by('i-0a'), { overwrite: false }, bounds())).toEqual({ status: 'written' });
      expect(await registry.write(by('i-0b'), { overwrite: false }, bounds())).toEqual({
        status: 'was-there',
      });
      expect((await entriesOf('aux')).get('aux')).toMatchObject({ registration: { instanceId: 'i-0a' } });
    });

    it('lets an entry be replaced, and says when that was', async () => {
      expect(await registry.write(by('i-0a'), { overwrite: true }, bounds())).toEqual({ status: 'written' });
      expect(await registry.write(by('i-0b'), { overwrite: true }, bounds())).toEqual({ status: 'written' });
      const entry = (await entriesOf('aux')).get('aux');
      expect(entry).toEqual({
        status: 'registered',
        registration: by('i-0b'),
        sinceMs: expect.any(Number),
      });
    });

    it('tells names that are registered from names that are not, and more than one call carries', async () => {
      const names = Array.from({ length: 12 }, (_, index) => `node-${index}`);
      await registry.write(by('i-0a', 'node-11'), { overwrite: false }, bounds());
      const entries = await entriesOf(...names);
      expect(names.map((name) => entries.get(name)?.status)).toEqual([
        ...names.slice(1).map(() => 'missing'),
        'registered',
      ]);
    });

    it('removes an entry, also one that is not there', async () => {
      await registry.write(by('i-0a'), { overwrite: false }, bounds());
      expect(await registry.remove('aux', bounds())).toBeNull();
      expect(await registry.remove('aux', bounds())).toBeNull();
      expect((await entriesOf('aux')).get('aux')).toEqual({ status: 'missing' });
    });
  });
}
