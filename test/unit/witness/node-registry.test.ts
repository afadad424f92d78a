import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NodeRegistry } from '../../../src/witness/node-registry.ts';
import { decodeRegistration, type Registration } from '../../../src/witness/registration-record.ts';
import { listRemains } from '../../../src/witness/remains.ts';
import { type FakeSsm, startFakeSsm } from './fake-ssm.ts';

const AUX: Registration = {
  v: 1,
  node: 'aux',
  instanceId: 'i-0bb2',
  addresses: ['10.0.0.12'],
  port: 9694,
};

describe('the registry of nodes', () => {
  let ssm: FakeSsm;
  let registry: NodeRegistry;
  const bounds = { signal: new AbortController().signal, deadlineMs: 5_000 };
  beforeEach(async () => {
    ssm = await startFakeSsm();
    registry = new NodeRegistry({ clients: ssm.clients, prefix: '/cluster' });
  });
  afterEach(() => ssm.close());

  it('reads all names in one call, each with what stands there', async () => {
    expect(await registry.write(AUX, { overwrite: false }, bounds)).toEqual({ status: 'written' });
    ssm.values.set('/cluster/node/third', '{}');
    const before = ssm.calls.length;
    const reading = await registry.read(['main', 'aux', 'third'], bounds);
    if (reading.status !== 'read') throw new Error(reading.failed.reason);
    expect(Object.fromEntries(reading.entries)).toMatchObject({
      main: { status: 'missing' },
      aux: { status: 'registered', registration: AUX },
      third: { status: 'foreign' },
    });
    expect(ssm.calls.slice(before).map(({ action }) => action)).toEqual(['GetParameters']);
  });

  it('gives a free name to one of two, and a taken one to who overwrites', async () => {
    await registry.write(AUX, { overwrite: false }, bounds);
    const other = { ...AUX, instanceId: 'i-0cc3' };
    expect(await registry.write(other, { overwrite: false }, bounds)).toEqual({ status: 'was-there' });
    expect(await registry.write(other, { overwrite: true }, bounds)).toEqual({ status: 'written' });
    expect(ssm.values.get('/cluster/node/aux')).toContain('i-0cc3');
    expect(await registry.remove('aux', bounds)).toBeNull();
    expect(await registry.remove('aux', bounds)).toBeNull();
    expect(ssm.values.size).toBe(0);
  });

  it('fails with the sentence of the call', async () => {
    ssm.refuse = () => 'AccessDeniedException';
    const denied = { status: 'failed', failed: { failure: 'denied' } };
    expect(await registry.read(['aux'], bounds)).toMatchObject(denied);
    expect(await registry.write(AUX, { overwrite: true }, bounds)).toMatchObject(denied);
    expect(await registry.remove('aux', bounds)).toMatchObject({ failure: 'denied' });
  });

  it('is a part of what a cluster leaves behind; what is no entry stays', async () => {
    await registry.write(AUX, { overwrite: false }, bounds);
    ssm.values.set('/cluster/node/notes', 'by hand');
    const { made, foreign } = await listRemains(ssm.clients, '/cluster', bounds.signal);
    expect({ made, foreign }).toEqual({ made: ['/cluster/node/aux'], foreign: ['/cluster/node/notes'] });
  });
});

describe('an entry of the registry', () => {
  it.each([
    ['', 'it is not JSON'],
    ['[]', 'it: '],
    [JSON.stringify({ ...AUX, v: 2 }), 'v: '],
    [JSON.stringify({ ...AUX, node: 'main' }), 'it is about main'],
    [JSON.stringify({ ...AUX, addresses: [] }), 'addresses: '],
    [JSON.stringify({ ...AUX, addresses: ['web.example'] }), 'addresses.0: is no IP address'],
    [JSON.stringify({ ...AUX, port: 70_000 }), 'port: '],
    [JSON.stringify({ ...AUX, instanceId: 'i-\u001b[2J' }), 'instanceId: is no instance id'],
  ])('is refused with a reason: %s', (value, reason) => {
    const decoded = decodeRegistration(value, 'aux');
    expect(decoded).toEqual({ status: 'foreign', reason: expect.stringContaining(reason) });
  });

  it('may have fields of a later version', () => {
    const value = JSON.stringify({ ...AUX, zone: 'a' });
    expect(decodeRegistration(value, 'aux')).toEqual({ status: 'registration', registration: AUX });
  });
});
