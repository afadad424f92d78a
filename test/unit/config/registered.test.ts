import { describe, expect, it } from 'vitest';
import { placeOn } from '../../../src/config/configuration.ts';
import { findOwnNode } from '../../../src/config/node-identity.ts';
import { registeredNodes, withOwnPlace, withPlaces } from '../../../src/config/registered.ts';
import { peerAddresses } from '../../../src/runtime/node-plan.ts';
import { changed, configuration, GOOD, refusalOf } from './configuration-fixture.ts';

const BOTH = GOOD.replace('address: 10.0.0.11, instanceId: i-0aa1', 'address: registered').replace(
  'address: 10.0.0.12',
  'address: registered',
);

describe('a node with a registered address', () => {
  it('has no address until it is known', () => {
    const read = configuration(BOTH);
    expect(registeredNodes(read)).toEqual(['main', 'aux']);
    expect(peerAddresses(read)).toEqual({ main: [], aux: [] });
    expect(placeOn(read.file.groups.web!.resources[0] as never, 'aux', read.file)).toBeNull();
  });

  it('has those that it registered, with its port; which instance it is, the registry does not decide', () => {
    const place = { addresses: ['10.0.0.77'], port: 9700 };
    const read = withPlaces(configuration(BOTH), { aux: place, main: undefined });
    expect(peerAddresses(read)).toEqual({ main: [], aux: [{ address: '10.0.0.77', port: 9700 }] });
    expect(read.file.nodes.aux).toMatchObject({ registered: true, instanceId: null });
  });

  it('is never moved when its address is in the file', () => {
    const read = configuration();
    expect(registeredNodes(read)).toEqual([]);
    expect(withOwnPlace(read, 'main', '10.9.9.9').file.nodes.main?.addresses).toEqual(['10.0.0.11']);
  });

  it('is known by its host name, or by its instance where the file has one', () => {
    const facts = { instanceId: 'i-0bb2', addresses: ['10.0.0.11'], hostname: 'aux' };
    expect(findOwnNode(configuration(BOTH), facts)).toBe('aux');
    expect(() => findOwnNode(configuration(BOTH), { ...facts, hostname: 'x' })).toThrow(
      'looked for main (the host name main), aux (the host name aux)',
    );
  });

  it('may stand beside one with an address, on one path', () => {
    const text = changed('address: 10.0.0.12', 'address: registered');
    expect(registeredNodes(configuration(text))).toEqual(['aux']);
    const two = text.replace('address: 10.0.0.11', 'addresses: [10.0.0.11, 10.1.0.11]');
    expect(refusalOf(two)).toContainEqual(expect.stringContaining('has 1 addresses but main has 2'));
    expect(refusalOf(changed('address: 10.0.0.12', 'address: registred'))).toContainEqual(
      expect.stringContaining('must be an IP address or the word registered'),
    );
    expect(refusalOf(changed('address: 10.0.0.12', 'addresses: [registered]'))).toContainEqual(
      expect.stringContaining('must be an IP address'),
    );
  });

  it('holds one Elastic IP on its address, as any other', () => {
    const text = BOTH.replace(
      '      - nginx:',
      '      - elastic-ip: { allocationId: eipalloc-0def }\n      - nginx:',
    );
    expect(refusalOf(text)).toContainEqual(expect.stringContaining('goes to the registered address of main'));
  });

  it('takes a name in SSM that no group may have', () => {
    const text = GOOD.replace('groups:\n  web:', 'groups:\n  node:');
    expect(refusalOf(text)).toContainEqual(expect.stringContaining('this name is reserved'));
  });
});
