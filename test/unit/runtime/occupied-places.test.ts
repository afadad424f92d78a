import type { Address } from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { AwsClients } from '../../../src/cloud/aws-clients.ts';
import { type Place, PlaceWatch, strangerOn } from '../../../src/runtime/occupied-places.ts';

const PLACE: Place = {
  group: 'web',
  networkInterfaceId: 'eni-1',
  privateAddress: '10.0.0.11',
  name: 'eipalloc-1',
};
const OWN: Address = {
  AllocationId: 'eipalloc-1',
  PublicIp: '203.0.113.10',
  NetworkInterfaceId: 'eni-1',
  PrivateIpAddress: '10.0.0.11',
};
const STRANGER: Address = { ...OWN, AllocationId: 'eipalloc-2', PublicIp: '203.0.113.99' };

describe('a place', () => {
  test('is free when nothing, or only its own address, is on it', () => {
    expect(strangerOn(PLACE, [])).toBe('');
    expect(strangerOn(PLACE, [OWN])).toBe('');
    expect(strangerOn({ ...PLACE, name: '203.0.113.10' }, [OWN])).toBe('');
  });

  test('is taken by another address on the very same private address, and not on a neighbour', () => {
    expect(strangerOn(PLACE, [OWN, STRANGER])).toBe('203.0.113.99');
    expect(strangerOn(PLACE, [{ ...STRANGER, PrivateIpAddress: '10.0.0.12' }])).toBe('');
    expect(strangerOn(PLACE, [{ ...STRANGER, NetworkInterfaceId: 'eni-2' }])).toBe('');
  });
});

describe('the watch over places', () => {
  let answer: readonly Address[] | 'silence';
  let here: boolean;
  let calls: number;
  let changes: number;
  let watch: PlaceWatch;

  beforeEach(() => {
    [answer, here, calls, changes] = [[STRANGER], false, 0, 0];
    const clients = {
      call: async () => {
        calls += 1;
        return answer === 'silence'
          ? { status: 'failed', result: { type: 'failed', failure: 'unknown', reason: 'no answer' } }
          : { status: 'answered', answer: { Addresses: answer } };
      },
    } as unknown as AwsClients;
    const { name: allocationId, group, ...target } = PLACE;
    const planned = { type: 'elastic-ip', id: { kind: 'allocation', allocationId }, target } as const;
    const cloudGroups = new Map([[group, { addresses: [planned], findNode: () => null }]]);
    const cloud = { places: () => [{ label: allocationId, here }] };
    watch = new PlaceWatch({ clients, cloudGroups }, cloud, () => {
      changes += 1;
    });
  });

  afterEach(() => {
    watch.close();
    vi.useRealTimers();
  });

  test('names the address that would be pushed off, and takes it back when it is gone', async () => {
    await watch.look();
    expect(watch.problemOf('web')).toContain('203.0.113.99');
    answer = [];
    await watch.look();
    expect(watch.problemOf('web')).toBe('');
    expect(changes).toBe(2);
  });

  test('looks again after half a minute while a place is taken, and after five where all are free', async () => {
    vi.useFakeTimers();
    watch.start();
    await vi.advanceTimersByTimeAsync(29_000);
    expect(calls).toBe(1);
    answer = [];
    await vi.advanceTimersByTimeAsync(2_000);
    expect(watch.problemOf('web')).toBe('');
    await vi.advanceTimersByTimeAsync(290_000);
    expect(calls).toBe(2);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(calls).toBe(3);
  });

  test('keeps its word while EC2 does not answer', async () => {
    await watch.look();
    answer = 'silence';
    await watch.look();
    expect(watch.problemOf('web')).toContain('203.0.113.99');
  });

  test('asks nothing and complains of nothing where the address is here', async () => {
    await watch.look();
    here = true;
    await watch.look();
    expect(watch.problemOf('web')).toBe('');
    expect(calls).toBe(1);
  });
});
