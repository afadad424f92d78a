import { describe, expect, it } from 'vitest';
import { configuration, GOOD, refusalOf } from './configuration-fixture.ts';

const httpOf = (text: string) => configuration(`${GOOD}${text}\n`).file.http;
const refused = (text: string) => refusalOf(`${GOOD}${text}\n`).join('\n');

describe('where the page is served', () => {
  it('is loopback unless told otherwise', () => {
    const loopback = { address: '127.0.0.1', port: 9694, hosts: [] };
    expect([httpOf(''), httpOf('http: on'), httpOf('http: {}')]).toEqual([loopback, loopback, loopback]);
    expect(httpOf('http: { address: node }')).toEqual({ ...loopback, address: 'node' });
    expect(httpOf('http: { address: "::1", port: 80, hosts: [status.example.net] }')).toEqual({
      address: '::1',
      port: 80,
      hosts: ['status.example.net'],
    });
  });

  it('is nowhere when it is off', () => {
    expect([httpOf('http: off'), httpOf('http: false')]).toEqual([null, null]);
  });

  it.each([
    ['http: { address: main.example.net }', 'must be an IP address, or "node"'],
    ['http: { port: 0 }', 'must be at least 1, not 0'],
    ['http: { port: 70000 }', 'must be at most 65535'],
    ['http: { hosts: ["a:80"] }', 'must be a host name without a port'],
    ['http: { hosts: ["*"] }', 'must be a host name without a port'],
    ['http: { listen: 1.2.3.4 }', 'there is no such setting'],
    ['http: 9694', 'must be off or { address: 127.0.0.1, port: 9694 }'],
  ])('%s is refused, saying what is wrong', (text, message) => {
    expect(refused(text)).toContain(message);
  });
});
