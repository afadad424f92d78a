import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ElasticIp } from '../../../src/cloud/elastic-ip.ts';
import { type AddressId, ElasticIpReader } from '../../../src/cloud/elastic-ip-reader.ts';
import { bounds, errorXml, type FakeEc2, listOf, type Query, startFakeEc2 } from './fake-ec2.ts';

const A: AddressId = { kind: 'allocation', allocationId: 'eipalloc-a' };
const B: AddressId = { kind: 'allocation', allocationId: 'eipalloc-b' };
const BY_PUBLIC: AddressId = { kind: 'public', publicAddress: '203.0.113.10' };

interface FakeAddress {
  allocationId: string;
  publicIp: string;
  associationId?: string;
  networkInterfaceId?: string;
  privateIpAddress?: string;
  instanceId?: string;
}

let ec2: FakeEc2;
let ips: (id: AddressId) => ElasticIp;
let addresses: FakeAddress[];

function describeAnswer(query: Query) {
  const wanted = listOf(query, 'AllocationId');
  const publicWanted = listOf(query, 'PublicIp');
  const found = addresses.filter(
    ({ allocationId, publicIp }) => wanted.includes(allocationId) || publicWanted.includes(publicIp),
  );
  if (found.length < wanted.length) return errorXml('InvalidAllocationID.NotFound');
  const items = found.map((address) => {
    const fields = Object.entries(address).map(([name, value]) => `<${name}>${value}</${name}>`);
    return `<item>${fields.join('')}</item>`;
  });
  const set = `<addressesSet>${items.join('')}</addressesSet>`;
  return { xml: `<DescribeAddressesResponse>${set}</DescribeAddressesResponse>` };
}

const associated = (id: string) => ({
  xml: `<AssociateAddressResponse><return>true</return><associationId>${id}</associationId></AssociateAddressResponse>`,
});
const disassociated = {
  xml: '<DisassociateAddressResponse><return>true</return></DisassociateAddressResponse>',
};

function answering(action: string, answer: ReturnType<FakeEc2['answer']>): FakeEc2['answer'] {
  return (query) => (query.get('Action') === action ? answer : describeAnswer(query));
}

beforeEach(async () => {
  ec2 = await startFakeEc2();
  addresses = [
    { allocationId: 'eipalloc-a', publicIp: '203.0.113.10' },
    { allocationId: 'eipalloc-b', publicIp: '203.0.113.11' },
  ];
  ec2.answer = describeAnswer;
  const { clients } = ec2;
  const reader = new ElasticIpReader(clients);
  const target = { networkInterfaceId: 'eni-main', privateAddress: '10.0.0.10' };
  const findNode = (networkInterfaceId: string) =>
    ({ 'eni-main': 'main', 'eni-aux': 'aux' })[networkInterfaceId] ?? null;
  const made = new Map<AddressId, ElasticIp>();
  ips = (id) => {
    const ip = made.get(id) ?? new ElasticIp({ clients, reader, id, target, findNode });
    made.set(id, ip);
    return ip;
  };
});
afterEach(() => ec2.close());

const put = (index: number, networkInterfaceId: string, associationId: string) =>
  Object.assign(addresses[index] ?? {}, { networkInterfaceId, associationId, privateIpAddress: '10.0.0.1' });

describe('a description', () => {
  it('tells a free address from one on a node and one on a foreign interface', async () => {
    expect(await ips(A).describe(bounds())).toEqual({
      type: 'address-reading',
      holder: { kind: 'free' },
      associationId: '',
    });
    put(0, 'eni-aux', 'eipassoc-1');
    expect(await ips(A).describe(bounds())).toEqual({
      type: 'address-reading',
      holder: { kind: 'node', node: 'aux' },
      associationId: 'eipassoc-1',
    });
    put(0, 'eni-other', 'eipassoc-2');
    expect(await ips(A).describe(bounds())).toEqual({
      type: 'address-reading',
      holder: { kind: 'foreign', networkInterfaceId: 'eni-other' },
      associationId: 'eipassoc-2',
    });
  });

  it('of several groups in one turn is one request', async () => {
    put(1, 'eni-main', 'eipassoc-1');
    const both = await Promise.all([
      ips(A).describe(bounds()),
      ips(B).describe(bounds()),
      ips(B).describe(bounds()),
    ]);
    expect(both.map((result) => result.type === 'address-reading' && result.holder.kind)).toEqual([
      'free',
      'node',
      'node',
    ]);
    expect(ec2.calls('DescribeAddresses').map((query) => listOf(query, 'AllocationId'))).toEqual([
      ['eipalloc-a', 'eipalloc-b'],
    ]);
  });

  it('of a released address is gone, and does not spoil the one asked for with it', async () => {
    addresses.pop();
    const [a, b] = await Promise.all([ips(A).describe(bounds()), ips(B).describe(bounds())]);
    expect(a).toMatchObject({ type: 'address-reading' });
    expect(b).toMatchObject({ type: 'failed', failure: 'gone' });
  });

  it('that is throttled says nothing about the address', async () => {
    ec2.answer = () => errorXml('RequestLimitExceeded');
    expect(await ips(A).describe(bounds())).toMatchObject({ type: 'failed', failure: 'throttled' });
  });

  it('that leaves the address out says nothing about it', async () => {
    ec2.answer = () => ({ xml: '<DescribeAddressesResponse><addressesSet/></DescribeAddressesResponse>' });
    expect(await ips(A).describe(bounds())).toMatchObject({ type: 'failed', failure: 'unknown' });
  });

  it('by public address asks by the allocation id once that is known', async () => {
    await ips(BY_PUBLIC).describe(bounds());
    await ips(BY_PUBLIC).describe(bounds());
    const [first, second] = ec2.calls('DescribeAddresses');
    expect(listOf(first!, 'PublicIp')).toEqual(['203.0.113.10']);
    expect(listOf(second!, 'AllocationId')).toEqual(['eipalloc-a']);
  });

  it('gives an impatient caller its answer in time and the patient one the reading', async () => {
    ec2.answer = () => null;
    setTimeout(() => {
      for (const socket of ec2.service.sockets) socket.resetAndDestroy();
    }, 120);
    const order: string[] = [];
    const patient = ips(A)
      .describe(bounds(5000))
      .then(() => order.push('patient'));
    const impatient = ips(B)
      .describe(bounds(30))
      .then((result) => {
        order.push('impatient');
        expect(result).toMatchObject({ type: 'failed', failure: 'unknown' });
      });
    await Promise.all([patient, impatient]);
    expect(order).toEqual(['impatient', 'patient']);
  });
});

describe('a move', () => {
  it.each([
    ['take', true],
    ['takeFree', false],
  ] as const)('by %s names interface and private address and sends the flag %s', async (verb, flag) => {
    ec2.answer = answering('AssociateAddress', associated('eipassoc-9'));
    expect(await ips(A)[verb](bounds())).toEqual({ type: 'address-moved', associationId: 'eipassoc-9' });
    const [query] = ec2.calls('AssociateAddress');
    expect(query?.get('AllocationId')).toBe('eipalloc-a');
    expect(query?.get('NetworkInterfaceId')).toBe('eni-main');
    expect(query?.get('PrivateIpAddress')).toBe('10.0.0.10');
    expect(query?.get('AllowReassociation')).toBe(String(flag));
    expect(query?.has('InstanceId')).toBe(false);
  });

  it('of an address that somebody holds is refused as taken', async () => {
    ec2.answer = answering('AssociateAddress', errorXml('Resource.AlreadyAssociated'));
    expect(await ips(A).takeFree(bounds())).toEqual({ type: 'address-taken' });
  });

  it('that fails is not tried again', async () => {
    ec2.answer = answering('AssociateAddress', { status: 503, xml: '' });
    expect(await ips(A).take(bounds())).toMatchObject({ type: 'failed', failure: 'unknown' });
    expect(ec2.calls('AssociateAddress')).toHaveLength(1);
  });

  it('of an address named by its public one reads its allocation id first', async () => {
    ec2.answer = answering('AssociateAddress', associated('eipassoc-9'));
    expect(await ips(BY_PUBLIC).take(bounds())).toMatchObject({ type: 'address-moved' });
    expect(ec2.calls('AssociateAddress')[0]?.get('AllocationId')).toBe('eipalloc-a');
  });

  it('that could not even read the allocation id certainly had no effect', async () => {
    ec2.answer = () => ({ status: 503, xml: '' });
    expect(await ips(BY_PUBLIC).take(bounds())).toMatchObject({ type: 'failed', failure: 'not-sent' });
    expect(ec2.calls('AssociateAddress')).toHaveLength(0);
  });
});

describe('a release', () => {
  it('names exactly the association', async () => {
    ec2.answer = answering('DisassociateAddress', disassociated);
    expect(await ips(A).release('eipassoc-1', bounds())).toEqual({ type: 'address-released' });
    expect(ec2.calls('DisassociateAddress')[0]?.get('AssociationId')).toBe('eipassoc-1');
  });

  it('of an association that is gone already is a success', async () => {
    ec2.answer = answering('DisassociateAddress', errorXml('InvalidAssociationID.NotFound'));
    expect(await ips(A).release('eipassoc-1', bounds())).toEqual({ type: 'address-released' });
  });

  it('that is refused is not taken for one', async () => {
    ec2.answer = answering('DisassociateAddress', errorXml('UnauthorizedOperation'));
    expect(await ips(A).release('eipassoc-1', bounds())).toMatchObject({ type: 'failed', failure: 'denied' });
  });
});

describe('connections', () => {
  const usedAfter = async (action: () => Promise<unknown>) => {
    await ips(A).describe(bounds());
    await action();
    const [first] = ec2.service.sockets;
    await ips(A).describe(bounds());
    return first?.destroyed === true ? 'fresh' : 'kept';
  };

  it('are fresh after a move to here', async () => {
    ec2.answer = answering('AssociateAddress', associated('eipassoc-9'));
    expect(await usedAfter(() => ips(A).take(bounds()))).toBe('fresh');
  });

  it('are fresh after a release', async () => {
    ec2.answer = answering('DisassociateAddress', disassociated);
    expect(await usedAfter(() => ips(A).release('eipassoc-1', bounds()))).toBe('fresh');
  });

  it('are fresh after somebody else took the address away from here', async () => {
    put(0, 'eni-main', 'eipassoc-1');
    expect(await usedAfter(async () => put(0, 'eni-aux', 'eipassoc-2'))).toBe('kept');
    expect(await usedAfter(async () => undefined)).toBe('fresh');
  });

  it('are kept when the address moves between others', async () => {
    put(0, 'eni-aux', 'eipassoc-1');
    expect(await usedAfter(async () => put(0, 'eni-other', 'eipassoc-2'))).toBe('kept');
    expect(await usedAfter(async () => undefined)).toBe('kept');
  });
});
