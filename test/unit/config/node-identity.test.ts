import { describe, expect, it } from 'vitest';
import { findOwnNode, type MachineFacts } from '../../../src/config/node-identity.ts';
import { changed, configuration } from './configuration-fixture.ts';

const NOBODY: MachineFacts = { instanceId: null, addresses: [], hostname: 'ip-10-9-9-9' };
const find = (facts: Partial<MachineFacts>, text?: string) =>
  findOwnNode(configuration(text), { ...NOBODY, ...facts });

describe('which node am I', () => {
  it('is answered by the instance id', () => {
    expect(find({ instanceId: 'i-0aa1', addresses: ['10.9.9.9'] })).toBe('main');
  });

  it('is answered by the instance id before the address', () => {
    expect(find({ instanceId: 'i-0aa1', addresses: ['10.0.0.12'] })).toBe('main');
  });

  it('is answered by a private address', () => {
    expect(find({ instanceId: 'i-0bb2', addresses: ['172.17.0.1', '10.0.0.12'] })).toBe('aux');
  });

  it.each(['aux', 'AUX', 'aux.example.internal'])('is answered by the host name %s', (hostname) => {
    expect(find({ hostname })).toBe('aux');
  });

  it('is answered by the host name that the node was given', () => {
    const text = changed('10.0.0.12 }', '10.0.0.12, hostname: web-2 }');
    expect(find({ hostname: 'web-2.example' }, text)).toBe('aux');
  });

  it('is not answered by an address that another instance had', () => {
    expect(() => find({ instanceId: 'i-0cc3', addresses: ['10.0.0.11'], hostname: 'main' })).toThrow(
      /none of the nodes: it has the instance id i-0cc3, the addresses 10\.0\.0\.11, .*looked for main \(i-0aa1, 10\.0\.0\.11\), aux \(10\.0\.0\.12\)\. The address is that of main, but its instanceId i-0aa1 is another instance/,
    );
  });

  it('is refused when nothing fits, with all that was looked at', () => {
    expect(() => find({})).toThrow(
      'eipkeeper.yaml: nodes: this machine is none of the nodes: it has the instance id (not known: the metadata service did not answer), the addresses none, the host name ip-10-9-9-9; looked for main (i-0aa1, 10.0.0.11), aux (10.0.0.12)',
    );
  });

  it('is refused when two nodes fit', () => {
    const text = changed('instanceId: i-0aa1 ', '');
    expect(() => find({ addresses: ['10.0.0.11', '10.0.0.12'] }, text.replace(', }', ' }'))).toThrow(
      /main and aux both fit this machine by their address: give each its instanceId/,
    );
  });
});
