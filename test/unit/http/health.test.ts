import { describe, expect, it } from 'vitest';
import type { GroupStatus } from '../../../src/control/status-snapshot.ts';
import { CHECKS, healthReport } from '../../../src/http/health.ts';
import { candidate, groupStatus, statusSnapshot } from '../control/snapshot-fixture.ts';

const NO_AUTHORITY = { held: false, forMs: 0, source: 'none' } as const;
const standby = (overrides: Partial<GroupStatus> = {}) =>
  groupStatus({
    leader: 'aux',
    role: 'standby',
    authority: NO_AUTHORITY,
    resources: [{ name: 'nginx', type: 'nginx', state: 'stopped', reason: '', monitor: '' }],
    ...overrides,
  });

/** The checks that are well, of a node whose only group is this. */
function well(group: GroupStatus, state: 'online' | 'standby' | 'starting' = 'online'): string {
  const snapshot = statusSnapshot({ groups: [group] });
  const nodes = snapshot.nodes.map((node) => (node.self ? { ...node, state } : node));
  return CHECKS.filter((check) => healthReport(check, { ...snapshot, nodes }, null)?.ok).join(' ');
}

describe('a check', () => {
  it.each([
    ['leads and serves', groupStatus(), 'leader health readiness'],
    ['lets another take over', groupStatus({ role: 'yielding' }), 'leader health readiness'],
    [
      'serves on the word of EC2',
      groupStatus({ role: 'acting', authority: NO_AUTHORITY }),
      'leader health readiness',
    ],
    ['cannot prove that it leads', groupStatus({ authority: NO_AUTHORITY }), 'health'],
    ['waits for its turn', standby(), 'standby health readiness'],
    ['starts', standby({ role: 'starting', leader: null }), 'health'],
    ['claims', standby({ role: 'claiming' }), 'health'],
    [
      'could not lead',
      standby({ candidates: [candidate('main', { eligible: false, reason: 'no credentials' })] }),
      'health',
    ],
    ['is none of the nodes', standby({ candidates: [candidate('aux')] }), 'health'],
  ])('of a node that %s', (_, group, expected) => {
    expect(well(group)).toBe(expected);
  });

  it.each(['failed', 'starting', 'stopped', 'unknown'] as const)(
    'of a leader with a service that is %s is not well, though it leads',
    (state) => {
      const nginx = { name: 'nginx', type: 'nginx', state, reason: '', monitor: '' };
      expect(well(groupStatus({ resources: [nginx] }))).toBe('leader');
    },
  );

  it('of a standby is not well only when a service failed there', () => {
    const nginx = {
      name: 'nginx',
      type: 'nginx',
      state: 'failed',
      reason: 'port 80 is taken',
      monitor: '',
    } as const;
    const group = standby({ resources: [nginx] });
    expect(well(group)).toBe('standby readiness');
    const [report] = healthReport('health', statusSnapshot({ groups: [group] }), null)?.groups ?? [];
    expect(report?.reason).toBe('nginx: port 80 is taken');
  });

  it('of a node that an operator keeps from leading is well and not ready', () => {
    const drained = { eligible: false, reason: 'it is in standby' };
    expect(well(standby({ candidates: [candidate('main', drained)] }), 'standby')).toBe('health');
  });

  it('is of all groups unless one is named', () => {
    const groups = [groupStatus(), standby({ name: 'api' })];
    const ok = (group: string | null) => healthReport('leader', statusSnapshot({ groups }), group)?.ok;
    expect([ok(null), ok('web'), ok('api'), ok('none')]).toEqual([false, true, false, undefined]);
  });

  it('says for each group who leads and why not', () => {
    const report = healthReport('leader', statusSnapshot({ groups: [standby()] }), null);
    expect(report).toEqual({
      check: 'leader',
      ok: false,
      node: 'main',
      groups: [{ name: 'web', ok: false, role: 'standby', leader: 'aux', term: 7, reason: 'aux leads' }],
    });
  });
});
