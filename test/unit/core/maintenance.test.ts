import { describe, expect, test } from 'vitest';
import type { Incarnation, Term } from '../../../src/core/types.ts';
import { leaderOf, type OneNode, recordOf, standbyOf } from '../../support/one-node.ts';

const set = (node: OneNode, on: boolean, id = 'm1') =>
  node.command({ type: 'maintenance', id, group: 'web', on, by: 'uid 0 on main' });

const hearsOf = (node: OneNode, on: boolean, stamp: number) =>
  node.hear('aux', {
    term: node.group.newest!.term,
    owner: node.group.newest!.owner,
    ownerIncarnation: node.group.newest!.incarnation,
    maintenance: { on, stamp },
  });

describe('maintenance', () => {
  test('is in every report, and on disk', () => {
    const node = leaderOf(6);
    set(node, true);
    expect(node.lastReport).toMatchObject({
      maintenance: { on: true, stamp: 1 },
      eligible: false,
      whyNot: expect.stringContaining('maintenance'),
    });
    expect(node.persisted.at(-1)?.maintenance).toEqual({ web: { on: true, stamp: 1 } });
  });

  test('is answered when every node that is heard knows it', () => {
    const node = leaderOf(6);
    node.grant('aux');
    set(node, true);
    expect(node.answers).toEqual([]);
    hearsOf(node, true, 1);
    expect(node.answers).toMatchObject([{ id: 'm1', outcome: { status: 'done', reason: '' } }]);
  });

  test('names who cannot be heard', () => {
    const node = leaderOf(6);
    node.auto.set('create-term', () => ({ type: 'term-created' }));
    node.pass(2_000);
    set(node, true);
    expect(node.answers[0]?.outcome).toMatchObject({ status: 'done' });
    expect(node.answers[0]?.outcome.reason).toContain('aux cannot be heard');
  });

  test('is learned from others: the later word wins, and at the same one "on"', () => {
    const node = leaderOf(6);
    hearsOf(node, true, 3);
    expect(node.group.maintenance).toEqual({ on: true, stamp: 3 });
    hearsOf(node, false, 3);
    expect(node.group.maintenance.on).toBe(true);
    hearsOf(node, false, 2);
    expect(node.group.maintenance.on).toBe(true);
    hearsOf(node, false, 4);
    expect(node.group.maintenance).toEqual({ on: false, stamp: 4 });
  });

  test('lets nobody claim from a leader that fell silent, and says so once', () => {
    const node = standbyOf(5);
    set(node, true);
    node.auto.set('read-newest', () => ({ type: 'newest-term', record: recordOf(5, 'aux') }));
    node.auto.set('describe-address', () => ({
      type: 'address-reading',
      holder: { kind: 'node', node: 'aux' },
      associationId: 'a',
    }));
    node.pass(60_000);
    expect(node.role).toBe('standby');
    expect(node.pending('create-term')).toHaveLength(0);
    expect(node.notes.filter(({ type }) => type === 'left-leaderless')).toHaveLength(1);
    set(node, false, 'm2');
    node.pass(3_000);
    expect(node.pending('create-term')).toHaveLength(1);
  });

  test('starts nothing that ended, and counts no failure', () => {
    const node = leaderOf(6);
    node.grant('aux');
    set(node, true);
    node.auto.delete('start-services');
    node.auto.set('check-services', () => ({ type: 'services-state', running: false }));
    node.passGranted('aux', 30_000);
    expect(node.pending('start-services')).toHaveLength(0);
    expect(node.group.services.failures.size).toBe(0);
    set(node, false, 'm2');
    node.passGranted('aux', 200);
    expect(node.pending('start-services')).toHaveLength(1);
  });

  test('goes on with the present authority', () => {
    const node = leaderOf(6);
    set(node, true);
    node.pass(2_500);
    expect(node.pending('create-term')[0]?.record).toMatchObject({
      term: 7,
      reason: 'defence',
      owner: 'main',
    });
  });

  test('ends a handover that has only been prepared, and refuses another', () => {
    const node = leaderOf(6);
    node.auto.set('read-newest', () => ({ type: 'newest-term', record: recordOf(6, 'main', 'me-1') }));
    node.passGranted('aux', 500);
    const move = {
      type: 'move',
      group: 'web',
      target: 'aux',
      kind: 'switchover',
      by: 'x',
      timeoutMs: 9_000,
    } as const;
    node.command({ ...move, id: '00000000000000a1' });
    node.passGranted('aux', 50);
    expect(node.lastReport.prepare).toBe('aux');
    set(node, true);
    node.passGranted('aux', 50);
    expect(node.lastReport.prepare).toBe('');
    node.command({ ...move, id: '00000000000000a2' });
    node.passGranted('aux', 50);
    const refused = node.answers.filter(({ outcome }) => outcome.status === 'refused');
    expect(refused.map(({ outcome }) => outcome.reason).join()).toContain('in maintenance');
  });

  test('takes up no yield', () => {
    const node = standbyOf(5);
    node.hearLeader('aux', 5, { prepare: 'main', handover: 1 });
    set(node, true);
    node.hearLeader('aux', 5, {
      role: 'yielding',
      prepare: 'main',
      handover: 1,
      yieldTo: 'main',
      yieldToIncarnation: 'me-1' as Incarnation,
    });
    node.pass(500);
    expect(node.pending('create-term')).toHaveLength(0);
  });

  test('is refused for a group that is not there', () => {
    const node = leaderOf(6);
    node.command({ type: 'maintenance', id: 'm9', group: 'mail', on: true, by: 'x' });
    expect(node.answers).toMatchObject([
      { outcome: { status: 'refused', reason: 'there is no group mail' } },
    ]);
  });
});

describe('the failures of a service', () => {
  const unwell = (node: OneNode, reason = 'nginx: it has ended') => {
    node.unwell({ resource: 0, reason });
    node.passGranted('aux', 100);
  };

  function leader(): OneNode {
    const node = leaderOf(6, { group: { restarts: [{ attempts: 1, withinMs: 10_000, forgetMs: 20_000 }] } });
    node.auto.set('read-newest', () => ({ type: 'newest-term', record: recordOf(6, 'main', 'me-1') }));
    node.passGranted('aux', 500);
    return node;
  }

  test('are met by a restart in the very step that hears of them', () => {
    const node = leader();
    node.auto.delete('start-services');
    node.unwell({ resource: 0, reason: 'nginx: it has ended' });
    expect(node.pending('start-services')).toHaveLength(1);
  });

  test('do not wait for a check that hangs', () => {
    const node = leader();
    node.auto.delete('check-services');
    node.passGranted('aux', 6_000);
    expect(node.pending('check-services')).toHaveLength(1);
    node.auto.delete('start-services');
    node.unwell({ resource: 0, reason: 'nginx: it has ended' });
    expect(node.pending('start-services')).toHaveLength(1);
  });

  test('beyond the attempts make the node ineligible until they are forgotten', () => {
    const node = leader();
    unwell(node);
    expect(node.lastReport.eligible).toBe(true);
    unwell(node);
    expect(node.lastReport.eligible).toBe(false);
    expect(node.lastReport.prepare).toBe('aux');
    node.passGranted('aux', 21_000);
    expect(node.lastReport.eligible).toBe(true);
  });

  test('that are further apart than the window are each the first', () => {
    const node = leader();
    for (let failure = 0; failure < 5; failure += 1) {
      unwell(node);
      node.passGranted('aux', 10_500);
    }
    expect(node.lastReport.eligible).toBe(true);
  });

  test('are forgotten at once by a cleanup, and only on the node that is named', () => {
    const node = leader();
    unwell(node);
    unwell(node);
    node.command({ type: 'cleanup', id: '00000000000000c1', group: null, node: 'aux', by: 'uid 0 on main' });
    node.passGranted('aux', 100);
    expect(node.group.services.failures.size).toBe(1);
    expect(node.lastReport.cleanup).toEqual({ id: '00000000000000c1', node: 'aux' });
    node.command({
      type: 'cleanup',
      id: '00000000000000c2',
      group: 'web',
      node: 'main',
      by: 'uid 0 on main',
    });
    node.passGranted('aux', 100);
    expect(node.lastReport.eligible).toBe(true);
  });

  test('are forgotten once by a cleanup that another node spreads', () => {
    const node = leader();
    const { newest } = node.group;
    const spread = {
      term: newest!.term as Term,
      owner: 'main',
      ownerIncarnation: 'me-1' as Incarnation,
      cleanup: { id: '00000000000000c3', node: '' },
    };
    node.hear('aux', spread);
    expect(node.lastReport.cleanedUp).toBe('00000000000000c3');
    node.unwell({ resource: 0, reason: 'nginx: it has ended' });
    node.hear('aux', spread);
    expect(node.group.services.failures.size).toBe(1);
  });
});
