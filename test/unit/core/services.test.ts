import { describe, expect, test } from 'vitest';
import { hasAuthority } from '../../../src/core/authority.ts';
import type { CallResult } from '../../../src/core/events.ts';
import type { GroupConfig, Incarnation, Term } from '../../../src/core/types.ts';
import { GROUP, leaderOf, OneNode, recordOf, standbyOf } from '../../support/one-node.ts';

const DOWN: CallResult = { type: 'failed', failure: 'not-sent', reason: 'the witness is down' };

const EXCLUSIVE: Partial<GroupConfig> = {
  kind: 'exclusive',
  timings: { ...GROUP.timings, warntimeMs: 1_000, deadtimeMs: 7_000, leaseMs: 7_000, stopTimeoutMs: 5_000 },
};

/** main leads an exclusive group whose services run and whose peer grants. */
function exclusiveLeader(): OneNode {
  const node = standbyOf(5, { group: EXCLUSIVE });
  node.answer('stop-services', { type: 'services-stopped' });
  let here = false;
  node.auto.set('read-newest', () => ({ type: 'newest-term', record: recordOf(5, 'aux') }));
  node.auto.set('create-term', () => ({ type: 'term-created' }));
  node.auto.set('describe-address', () => ({
    type: 'address-reading',
    holder: here ? { kind: 'node', node: 'main' } : { kind: 'free' },
    associationId: here ? 'assoc-own' : '',
  }));
  node.auto.set('take-free-address', () => {
    here = true;
    return { type: 'address-moved', associationId: 'assoc-own' };
  });
  node.pass(8_000);
  node.passGranted('aux', 9_000);
  expect(node.group.services.status).toBe('running');
  return node;
}

/** Until the services are asked to do this; the answer stays out. */
function passUntil(node: OneNode, type: 'check-services' | 'start-services'): void {
  node.auto.delete(type);
  for (let left = 8_000; left > 0 && node.pending(type).length === 0; left -= 50) node.passGranted('aux', 50);
  expect(node.pending(type)).toHaveLength(1);
}

/** Neither peer nor witness: authority ends with the last grant. */
function loseAuthority(node: OneNode): void {
  node.auto.set('create-term', () => DOWN);
  node.auto.set('read-newest', () => DOWN);
  node.pass(6_950);
}

describe('services of an exclusive group', () => {
  test('stop while there is still authority for as long as stopping may take', () => {
    const node = exclusiveLeader();
    node.auto.set('create-term', () => DOWN);
    node.pass(2_100);
    expect(node.pending('stop-services')).toHaveLength(1);
    expect(hasAuthority(node.state, 'web', { ...node.at, nowMs: node.nowMs + 4_700 })).toBe(true);
  });

  test('are not stopped by a reload with longer times', () => {
    const node = exclusiveLeader();
    node.reload({ timings: { ...EXCLUSIVE.timings!, deadtimeMs: 10_000, stopTimeoutMs: 8_000 } });
    node.passGranted('aux', 20_000);
    expect(node.pending('stop-services')).toHaveLength(0);
    expect(node.group.services.status).toBe('running');
    node.auto.set('create-term', () => DOWN);
    node.pass(2_200);
    expect(node.pending('stop-services')).toHaveLength(1);
  });

  test('stop in time although a check hangs', () => {
    const node = exclusiveLeader();
    passUntil(node, 'check-services');
    loseAuthority(node);
    expect(node.pending('stop-services')).toHaveLength(1);
    // What the check says at last is of before.
    node.answer('check-services', { type: 'services-state', running: true });
    expect(node.group.services.status).toBe('stopping');
  });

  test('stop in time although a start hangs', () => {
    const node = exclusiveLeader();
    node.auto.set('check-services', () => ({ type: 'services-state', running: false }));
    passUntil(node, 'start-services');
    loseAuthority(node);
    expect(node.pending('stop-services')).toHaveLength(1);
  });

  test('stop also after a start that failed: a part of them may run', () => {
    const node = exclusiveLeader();
    node.auto.set('check-services', () => ({ type: 'services-state', running: false }));
    passUntil(node, 'start-services');
    node.auto.set('start-services', () => ({ type: 'services-failed', reason: 'the second does not start' }));
    node.answer('start-services', { type: 'services-failed', reason: 'the second does not start' });
    loseAuthority(node);
    expect(node.pending('stop-services')).toHaveLength(1);
  });

  test('are stopped, not only failed, before the leader yields', () => {
    const node = exclusiveLeader();
    node.auto.set('check-services', () => ({ type: 'services-state', running: false }));
    node.auto.set('start-services', () => ({ type: 'services-failed', reason: 'it does not start' }));
    node.passGranted('aux', 12_000);
    expect(node.lastReport).toMatchObject({ eligible: false, prepare: 'aux' });
    node.hear('aux', {
      term: node.lastReport.term,
      owner: 'main',
      ownerIncarnation: 'me-1' as Incarnation,
      handover: node.lastReport.handover,
      ready: true,
    });
    node.passGranted('aux', 200);
    expect(node.lastReport.role).toBe('leading');
    expect(node.pending('stop-services')).toHaveLength(1);
    node.auto.set('read-newest', () => ({ type: 'newest-term', record: null }));
    node.answer('stop-services', { type: 'services-stopped' });
    node.passGranted('aux', 200);
    expect(node.lastReport).toMatchObject({ role: 'yielding', yieldTo: 'aux', eligible: false });
  });

  test('that could not be stopped are stopped again until they are', () => {
    const node = exclusiveLeader();
    loseAuthority(node);
    node.answer('stop-services', { type: 'services-failed', reason: 'it hangs' });
    node.pass(1_900);
    expect(node.pending('stop-services')).toHaveLength(0);
    node.pass(200);
    expect(node.pending('stop-services')).toHaveLength(1);
  });

  test.each(['leave', 'hold'] as const)('stop before a daemon exits that nobody relieves (%s)', (mode) => {
    const node = exclusiveLeader();
    node.hear('aux', {
      eligible: false,
      term: 6 as Term,
      owner: 'main',
      ownerIncarnation: 'me-1' as Incarnation,
    });
    node.command({ type: 'stop', mode });
    node.passGranted('aux', 300);
    node.pass(1_000);
    for (let left = 8_000; left > 0 && node.pending('stop-services').length === 0; left -= 100)
      node.pass(100);
    expect(node.exits).toHaveLength(0);
    node.answer('stop-services', { type: 'services-stopped' });
    node.pass(100);
    expect(node.exits).toMatchObject([{ code: 0 }]);
    expect(node.exits[0]?.reason).not.toContain('stay here');
  });
});

describe('services that do not stay up', () => {
  function leaderWithDyingServices(): OneNode {
    const node = leaderOf(6);
    node.auto.set('read-newest', () => ({ type: 'newest-term', record: recordOf(6, 'main', 'me-1') }));
    node.passGranted('aux', 1_000);
    node.auto.set('check-services', () => ({ type: 'services-state', running: false }));
    return node;
  }

  test('are started again at once, the first time', () => {
    const node = leaderWithDyingServices();
    node.auto.delete('start-services');
    node.passGranted('aux', 5_100);
    expect(node.pending('start-services')).toHaveLength(1);
    expect(node.lastReport.eligible).toBe(true);
  });

  test('make the group move when that goes on and on', () => {
    const node = leaderWithDyingServices();
    node.passGranted('aux', 16_000);
    expect(node.lastReport).toMatchObject({ prepare: 'aux', eligible: false });
  });

  test('are forgiven after a quiet minute', () => {
    const node = leaderWithDyingServices();
    node.passGranted('aux', 11_000);
    node.auto.set('check-services', () => ({ type: 'services-state', running: true }));
    node.passGranted('aux', 66_000);
    expect(node.group.services.failures.size).toBe(0);
  });

  test('are not given up by a leader whom nobody can relieve', () => {
    const node = leaderWithDyingServices();
    let starts = 0;
    node.auto.set('start-services', () => {
      starts += 1;
      return { type: 'services-started' };
    });
    node.auto.set('create-term', () => ({ type: 'term-created' }));
    node.pass(31_000);
    expect(starts).toBeGreaterThanOrEqual(5);
  });
});

test('a node that an exclusive group does not list stops no service of that name, until it is taken in', () => {
  const nodes = ['main', 'aux', 'third'];
  const node = new OneNode({ self: 'third', nodes, group: { ...EXCLUSIVE, nodes: ['main', 'aux'] } });
  node.auto.set('check-services', () => ({ type: 'services-state', running: true }));
  node.answerNewest(recordOf(5, 'aux'));
  node.answerAddress({ kind: 'node', node: 'aux' });
  node.hearLeader('aux', 5);
  node.pass(15_000);
  expect(node.role).toBe('standby');
  expect(node.pending('stop-services')).toHaveLength(0);
  node.reload({ nodes });
  node.pass(100);
  expect(node.pending('stop-services')).toHaveLength(1);
});

test('a node that a group does not list starts none of its services', () => {
  const node = new OneNode({
    self: 'third',
    nodes: ['main', 'aux', 'third'],
    group: { nodes: ['main', 'aux'] },
  });
  node.auto.set('check-services', () => ({ type: 'services-state', running: false }));
  node.auto.delete('start-services');
  node.pass(15_000);
  expect(node.role).toBe('standby');
  expect(node.pending('start-services')).toHaveLength(0);
});
