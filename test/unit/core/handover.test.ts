import { describe, expect, test } from 'vitest';
import { hasAuthority } from '../../../src/core/authority.ts';
import type { Incarnation, Term } from '../../../src/core/types.ts';
import { leaderOf, recordOf, standbyOf } from '../../support/one-node.ts';

const MOVE = {
  type: 'move',
  id: 'a1',
  group: 'web',
  target: 'aux',
  kind: 'switchover',
  by: 'uid 0 on main',
  timeoutMs: 20_000,
} as const;

/** A leader whose peer grants, asked to hand over, the peer ready. */
function handingOver() {
  const node = leaderOf(6);
  node.auto.set('describe-address', () => ({
    type: 'address-reading',
    holder: { kind: 'node', node: 'main' },
    associationId: 'assoc-own',
  }));
  node.passGranted('aux', 1_000);
  while (node.pending('read-newest').length > 0) node.answerNewest(recordOf(6, 'main', 'me-1'));
  node.passGranted('aux', 2_000);
  node.command(MOVE);
  return node;
}

function sayReady(node: ReturnType<typeof handingOver>): void {
  node.hear('aux', {
    term: 6 as Term,
    owner: 'main',
    ownerIncarnation: 'me-1' as Incarnation,
    handover: node.lastReport.handover,
    ready: true,
  });
}

describe('a switchover on the leader (rule 10)', () => {
  test('asks the target to prepare before anything else', () => {
    const node = handingOver();
    expect(node.lastReport).toMatchObject({ role: 'leading', prepare: 'aux', yieldTo: '' });
  });

  test('yields only after the target is ready and a read showed that the witness works', () => {
    const node = handingOver();
    sayReady(node);
    expect(node.lastReport.role).toBe('leading');
    node.answerNewest(recordOf(6, 'main', 'me-1'));
    expect(node.lastReport).toMatchObject({ role: 'yielding', yieldTo: 'aux', yieldToIncarnation: 'aux-1' });
    expect(hasAuthority(node.state, 'web', node.at)).toBe(false);
  });

  test('waits with the yield while a change to EC2 is undecided', () => {
    const node = handingOver();
    node.group.address.move = {
      kind: 'take',
      begunMs: node.nowMs,
      endsAssociationId: '',
      callId: 999,
      tellingId: 0,
    };
    sayReady(node);
    node.pass(10);
    expect(node.lastReport.role).toBe('leading');
  });

  test('neither defends nor answers a refusal for deadtime, then takes the yield back', () => {
    const node = handingOver();
    sayReady(node);
    node.answerNewest(recordOf(6, 'main', 'me-1'));
    node.hear('aux', {
      role: 'claiming',
      claimTerm: 7 as Term,
      term: 6 as Term,
      owner: 'main',
      ownerIncarnation: 'me-1' as Incarnation,
    });
    node.pass(990);
    expect(node.pending('create-term')).toHaveLength(0);
    node.pass(20);
    expect(node.pending('create-term')[0]?.record).toMatchObject({
      term: 7,
      owner: 'main',
      reason: 'revoke',
    });
    expect(hasAuthority(node.state, 'web', node.at)).toBe(false);
    node.answer('create-term', { type: 'term-created' });
    expect(node.lastReport).toMatchObject({ role: 'leading', term: 7, yieldTo: '' });
    expect(node.answers[0]?.outcome.status).toBe('refused');
  });

  test('is done when the target leads, has the address and serves', () => {
    const node = handingOver();
    sayReady(node);
    node.answerNewest(recordOf(6, 'main', 'me-1'));
    node.hearLeader('aux', 7, { hasAddress: false });
    expect(node.answers).toHaveLength(0);
    node.hearLeader('aux', 7);
    expect(node.answers[0]).toMatchObject({ id: 'a1', outcome: { status: 'done' } });
  });

  test('is refused while the witness is down, before anything changes', () => {
    const node = leaderOf(6);
    node.passGranted('aux', 9_000);
    node.passGranted('aux', 5_000);
    node.fail('read-newest');
    node.command(MOVE);
    expect(node.answers[0]?.outcome).toMatchObject({ status: 'refused' });
    expect(node.answers[0]?.outcome.reason).toContain('witness');
    expect(node.lastReport.prepare).toBe('');
  });

  test('is refused to a node that is silent', () => {
    const node = leaderOf(6);
    node.command(MOVE);
    expect(node.answers[0]?.outcome.status).toBe('refused');
  });

  test('is given up when the target falls silent before the yield', () => {
    const node = handingOver();
    node.pass(400);
    expect(node.lastReport).toMatchObject({ role: 'leading', prepare: '' });
    expect(node.answers[0]?.outcome.status).toBe('refused');
  });
});

describe('a switchover on the target (rule 10)', () => {
  const yielded = { prepare: 'main', handover: 1, role: 'yielding', yieldTo: 'main' } as const;

  test('starts its services when it is asked to prepare, and says when they run', () => {
    const node = standbyOf(5, { group: { standbyServices: 'stopped' } });
    node.auto.set('check-services', () => ({ type: 'services-state', running: false }));
    node.auto.delete('start-services');
    node.group.services.status = 'stopped';
    node.hearLeader('aux', 5, { prepare: 'main', handover: 1 });
    expect(node.pending('start-services')).toHaveLength(1);
    expect(node.lastReport.ready).toBe(false);
    node.answer('start-services', { type: 'services-started' });
    expect(node.lastReport).toMatchObject({ ready: true, handover: 1 });
  });

  test('is not ready before the witness has answered it: it could not take up the yield', () => {
    const node = standbyOf(5);
    node.pass(50);
    node.hearLeader('aux', 5, { prepare: 'main', handover: 1 });
    node.fail('read-newest');
    expect(node.lastReport.ready).toBe(false);
    node.hearLeader('aux', 5, { prepare: 'main', handover: 1 });
    node.pass(300);
    node.hearLeader('aux', 5, { prepare: 'main', handover: 1 });
    node.pass(300);
    expect(node.lastReport.ready).toBe(false);
    node.answerNewest(recordOf(5, 'aux'));
    expect(node.lastReport).toMatchObject({ ready: true, handover: 1 });
  });

  test.each([true, false])('takes a force for another node for none of its own (from afar: %s)', (afar) => {
    const node = standbyOf(5, { nodes: ['main', 'aux', 'third'] });
    const request = { id: 'f1', kind: 'force', target: 'third', by: 'somebody', afar } as const;
    node.hearLeader('aux', 5, { prepare: 'main', handover: 1, request });
    node.hearLeader('aux', 5, { ...yielded, yieldToIncarnation: 'me-1' as Incarnation, request });
    node.pass(1);
    while (node.pending('read-newest').length > 0) node.answerNewest(recordOf(5, 'aux'));
    const { record } = node.pending('create-term')[0]!;
    expect(record).toMatchObject({ term: 6, reason: 'switchover' });
    expect([record.requestId, record.carriedOut]).toEqual([undefined, undefined]);
  });

  test('creates the next term at once when the leader yields to it, without waiting for its promise', () => {
    const node = standbyOf(5);
    node.hearLeader('aux', 5, { prepare: 'main', handover: 1 });
    node.hearLeader('aux', 5, { ...yielded, yieldToIncarnation: 'me-1' as Incarnation });
    node.pass(1);
    if (node.pending('read-newest').length > 0) node.answerNewest(recordOf(5, 'aux'));
    expect(node.pending('create-term')[0]?.record).toMatchObject({ term: 6, reason: 'switchover' });
  });

  test('does not take up a yield when it could not lead any more', () => {
    const node = standbyOf(5);
    node.hearLeader('aux', 5, { prepare: 'main', handover: 1 });
    node.group.ineligible = 'nginx -t failed';
    node.hearLeader('aux', 5, { ...yielded, yieldToIncarnation: 'me-1' as Incarnation });
    node.pass(200);
    while (node.pending('read-newest').length > 0) node.answerNewest(recordOf(5, 'aux'));
    node.pass(50);
    expect(node.pending('create-term')).toHaveLength(0);
  });

  test('a yield to another incarnation of it means nothing', () => {
    const node = standbyOf(5);
    node.hearLeader('aux', 5, { prepare: 'main', handover: 1 });
    node.hearLeader('aux', 5, { ...yielded, yieldToIncarnation: 'me-0' as Incarnation });
    node.pass(100);
    expect(node.pending('create-term')).toHaveLength(0);
  });

  test('a yield is for the next term only', () => {
    const node = standbyOf(5);
    node.hearLeader('aux', 5, { prepare: 'main', handover: 1 });
    node.pass(1_100);
    node.hearLeader('aux', 5, { ...yielded, yieldToIncarnation: 'me-1' as Incarnation });
    // The leader took it back before the read was answered.
    node.hearLeader('aux', 6);
    while (node.pending('read-newest').length > 0) node.answerNewest(recordOf(6, 'aux'));
    node.pass(100);
    expect(node.pending('create-term')).toHaveLength(0);
  });
});

describe('a handover that did not come about', () => {
  const nodes = ['main', 'aux', 'third'];
  /** `ms` in which the others grant, and what is asked of EC2 and of the witness is answered. */
  function passWith(node: ReturnType<typeof leaderOf>, ms: number): void {
    const record = recordOf(6, 'main', 'me-1', { members: nodes });
    node.auto.set('read-newest', () => ({ type: 'newest-term', record }));
    for (let left = ms; left > 0; left -= 50) {
      node.pass(50);
      for (const peer of ['aux', 'third']) node.grant(peer);
    }
  }
  const targets = (node: ReturnType<typeof leaderOf>) =>
    node.notes.flatMap((note) => (note.type === 'handover-started' ? note.to : []));

  test('is tried with another node next, when this one is to be rid of the group', () => {
    const node = leaderOf(6, { nodes });
    passWith(node, 2_000);
    node.command({ type: 'set-drained', id: 'd1', drained: true, by: 'uid 0 on main' });
    passWith(node, 60_000);
    expect(targets(node).slice(0, 3)).toEqual(['aux', 'third', 'aux']);
  });

  test('of an operator holds up none that is needed', () => {
    const node = leaderOf(6, { nodes: ['main', 'aux'] });
    for (let count = 1; count <= 6; count += 1) {
      node.passGranted('aux', 2_000);
      node.command({ ...MOVE, id: `a${count}`, timeoutMs: 60_000 });
      node.passGranted('aux', 30_000);
    }
    expect(node.answers).toHaveLength(6);
    const before = targets(node).length;
    node.auto.set('start-services', () => ({ type: 'services-failed', reason: 'broken' }));
    node.unwell({ resource: 0, reason: 'it ended' });
    node.passGranted('aux', 20_000);
    expect(targets(node).length).toBeGreaterThan(before);
  });
});

describe('failback', () => {
  test('goes to the preferred node once that one has been eligible for long enough', () => {
    const node = leaderOf(6, {
      group: { nodes: ['aux', 'main'], failback: { mode: 'auto', afterMs: 2_000 } },
    });
    node.passGranted('aux', 1_900);
    expect(node.lastReport.prepare).toBe('');
    node.passGranted('aux', 300);
    expect(node.lastReport.prepare).toBe('aux');
  });

  test('does not undo what an operator asked for', () => {
    const node = leaderOf(6, {
      group: { nodes: ['aux', 'main'], failback: { mode: 'auto', afterMs: 2_000 } },
    });
    node.group.newest!.requestId = 'asked';
    node.passGranted('aux', 6_000);
    expect(node.lastReport.prepare).toBe('');
  });
});
