import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { parseConfiguration } from '../../../src/config/load.ts';
import { nodeFinder, planCloud } from '../../../src/runtime/cloud-plan.ts';
import type { Machine } from '../../../src/runtime/machine-facts.ts';

const MAIN = 'i-0123456789abcdef0';
const AUX = 'i-0fedcba9876543210';

const configuration = (): ReturnType<typeof parseConfiguration> => {
  const file = {
    cluster: 'web',
    key: { file: '/etc/eipkeeper/key' },
    nodes: { main: { address: '10.0.0.11', instanceId: MAIN }, aux: { address: '10.0.0.12' } },
    groups: {
      web: {
        nodes: ['main', 'aux'],
        resources: [
          { 'elastic-ip': { allocationId: 'eipalloc-0a', privateAddress: { aux: '10.0.0.99' } } },
          { 'elastic-ip': { publicIp: '203.0.113.11', privateAddress: { main: '10.0.0.21' } } },
        ],
      },
    },
  };
  return parseConfiguration(Buffer.from(stringify(file)), 'test.yaml');
};

/** An instance with these private addresses, each on the interface beside it. */
const machineWith = (interfaces: Readonly<Record<string, string>>): Machine =>
  ({
    identity: { instanceId: MAIN },
    findInterface: async (privateAddress: string) => interfaces[privateAddress] ?? null,
  }) as unknown as Machine;

const plan = (interfaces: Readonly<Record<string, string>>) =>
  planCloud(configuration(), 'main', machineWith(interfaces), new AbortController().signal);

describe('whose an association is', () => {
  const find = nodeFinder(configuration(), 'web', {
    name: 'main',
    instanceId: MAIN,
    networkInterfaceIds: ['eni-main', 'eni-second'],
  });

  it('is known of this node by its interface, whatever else is said', () => {
    expect(find('eni-main', '10.0.0.12', '')).toBe('main');
  });

  it('is known of this node by any of the interfaces that the addresses of the group go to', () => {
    expect(find('eni-second', '10.0.0.21', '')).toBe('main');
  });

  it('is known of another by the private address that the Elastic IP goes to there', () => {
    expect(find('eni-other', '10.0.0.99', '')).toBe('aux');
  });

  it('is known of another by its instance id', () => {
    const fromAux = nodeFinder(configuration(), 'web', {
      name: 'aux',
      instanceId: AUX,
      networkInterfaceIds: ['eni-aux'],
    });
    expect(fromAux('eni-x', '10.9.9.9', MAIN)).toBe('main');
  });

  it('is foreign when it has our private address on an interface that is not ours', () => {
    expect(find('eni-other', '10.0.0.11', 'i-0aaaaaaaaaaaaaaaa')).toBeNull();
  });

  it('is foreign when nothing fits', () => {
    expect(find('eni-other', '10.0.0.50', 'i-0aaaaaaaaaaaaaaaa')).toBeNull();
  });
});

describe('the plan of the addresses', () => {
  it('sends each to its own private address and interface', async () => {
    const groups = await plan({ '10.0.0.11': 'eni-main', '10.0.0.21': 'eni-second' });
    expect(groups.get('web')?.addresses).toEqual([
      {
        type: 'elastic-ip',
        id: { kind: 'allocation', allocationId: 'eipalloc-0a' },
        target: { networkInterfaceId: 'eni-main', privateAddress: '10.0.0.11' },
      },
      {
        type: 'elastic-ip',
        id: { kind: 'public', publicAddress: '203.0.113.11' },
        target: { networkInterfaceId: 'eni-second', privateAddress: '10.0.0.21' },
      },
    ]);
  });

  it('is refused when one of them has no place on this instance', async () => {
    await expect(plan({ '10.0.0.11': 'eni-main' })).rejects.toThrow('10.0.0.21 is on no network interface');
  });
});
