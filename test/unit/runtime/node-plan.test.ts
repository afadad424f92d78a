import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { parseConfiguration } from '../../../src/config/load.ts';
import type { CoreSnapshot } from '../../../src/core/snapshot.ts';
import { peerAddresses, sessionTimings } from '../../../src/runtime/node-plan.ts';
import { reloadDifferences, whyNotLeftOut } from '../../../src/runtime/reload-differences.ts';

const MAIN = 'i-0123456789abcdef0';

const base = {
  cluster: 'web',
  key: { file: '/etc/eipkeeper/key' },
  nodes: {
    main: { address: '10.0.0.11', instanceId: MAIN },
    aux: { address: '10.0.0.12', port: 9700 },
  },
  groups: {
    web: {
      nodes: ['main', 'aux'],
      resources: [
        { nginx: {} },
        {
          'elastic-ip': { allocationId: 'eipalloc-0123456789abcdef0', privateAddress: { aux: '10.0.0.99' } },
        },
      ],
    },
  },
};
const configuration = (changes: object = {}) =>
  parseConfiguration(Buffer.from(stringify({ ...base, ...changes })), 'test.yaml');

describe('the plan of a node', () => {
  it('sends heartbeats to the port of the receiver', () => {
    expect(peerAddresses(configuration())).toEqual({
      main: [{ address: '10.0.0.11', port: 9694 }],
      aux: [{ address: '10.0.0.12', port: 9700 }],
    });
  });

  it('keeps sessions for the longest deadtime of all groups', () => {
    const slow = { ...base.groups.web, timings: { deadtime: '5s' } };
    const other = {
      ...base.groups.web,
      nodes: ['aux'],
      resources: [{ 'elastic-ip': { publicIp: '203.0.113.10' } }],
    };
    const timings = sessionTimings(configuration({ groups: { web: slow, other } }));
    expect(timings).toEqual({ keepaliveMs: 100, deadtimeMs: 5000 });
  });
});

describe('what a reload may change', () => {
  const differences = (changes: object) => reloadDifferences(configuration(), configuration(changes), 'main');

  it('are timings, keys, the level of the log, who the others are and where', () => {
    expect(
      differences({
        profile: 'fast',
        key: { file: '/etc/eipkeeper/new' },
        log: { level: 'debug' },
        nodes: { ...base.nodes, aux: { address: '10.0.0.13' }, third: { address: '10.0.0.14' } },
        groups: { web: { ...base.groups.web, nodes: ['third', 'aux', 'main'], failback: 'manual' } },
      }),
    ).toEqual([]);
  });

  it('are not this node, its part in a group, the resources or the place of the witness', () => {
    expect(
      differences({
        port: 9000,
        nodes: {
          main: { address: '10.0.0.21', instanceId: MAIN },
          aux: base.nodes.aux,
        },
        witness: { ssm: { prefix: '/other' } },
        groups: {
          web: { ...base.groups.web, nodes: ['aux'], resources: base.groups.web.resources.slice(1) },
        },
      }),
    ).toEqual(['port', 'nodes.main', 'witness.ssm.prefix', 'groups.web.resources', 'groups.web.nodes.main']);
  });
});

describe('a node that the new configuration leaves out', () => {
  const core = (role: 'leading' | 'standby', owner: string, members: string[]) =>
    ({ groups: [{ name: 'web', role, owner, members }] }) as unknown as CoreSnapshot;
  const wanted = configuration();

  it('must be forgotten first, where this node leads', () => {
    expect(whyNotLeftOut(wanted, core('leading', 'main', ['main', 'aux', 'third']))).toBe(
      'third counts in web and is not in it: stop eipkeeper there, type "eipkeeper forget third", and reload again',
    );
    expect(whyNotLeftOut(wanted, core('leading', 'main', ['main', 'aux']))).toBe('');
  });

  it('is none of a standby’s business, unless it leads', () => {
    expect(whyNotLeftOut(wanted, core('standby', 'aux', ['main', 'aux', 'third']))).toBe('');
    expect(whyNotLeftOut(wanted, core('standby', 'third', ['main', 'aux', 'third']))).toBe(
      'third leads web and is not in it: move the group first',
    );
  });
});
