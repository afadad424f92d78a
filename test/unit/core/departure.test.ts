import { describe, expect, test } from 'vitest';
import type { Departure } from '../../../src/core/message.ts';
import type { Incarnation, Term } from '../../../src/core/types.ts';
import { leaderOf, type OneNode, recordOf, standbyOf } from '../../support/one-node.ts';

const SPOT = 'EC2 takes this spot instance at 12:04:00Z';

function announce(node: OneNode, grade: Departure, why = grade === 'none' ? '' : SPOT): void {
  node.happen({ type: 'departure', departure: { grade, why } });
}

/** Passes `ms` while aux grants, and says so much of its own machine. */
function passWith(node: OneNode, ms: number, departure: Departure): void {
  for (let left = ms; left > 0; left -= 50) {
    node.pass(Math.min(50, left));
    const report = {
      term: 6 as Term,
      owner: 'main',
      ownerIncarnation: 'me-1' as Incarnation,
      grants: 6 as Term,
    };
    node.hear('aux', report, { kind: 'reply', beat: node.state.heartbeat.beat, departure });
  }
}

function steadyLeader(): OneNode {
  const node = leaderOf(6);
  node.auto.set('describe-address', () => ({
    type: 'address-reading',
    holder: { kind: 'node', node: 'main' },
    associationId: 'assoc-own',
  }));
  node.auto.set('read-newest', () => ({ type: 'newest-term', record: recordOf(6, 'main', 'me-1') }));
  node.passGranted('aux', 2_000);
  return node;
}

const handover = (node: OneNode) => (node.group.role.kind === 'leading' ? node.group.role.handover : null);

describe('a leader whose machine is about to go', () => {
  test.each(['advised', 'imminent'] as const)(
    'hands over at once (%s), with the reason in words',
    (grade) => {
      const node = steadyLeader();
      announce(node, grade);
      expect(handover(node)).toMatchObject({ target: 'aux', why: SPOT });
      expect(node.sent.at(-1)?.message.departure).toBe(grade);
    },
  );

  test('is not held up by the damping of optional moves, nor by a handover that failed before', () => {
    const node = steadyLeader();
    node.group.damping = { moves: 5, lastMs: node.nowMs };
    node.group.failedHandovers.set('aux', { lastMs: node.nowMs, failures: 5 });
    announce(node, 'imminent');
    expect(handover(node)?.target).toBe('aux');
  });

  test('tries again soon when the target did not get ready', () => {
    const node = steadyLeader();
    announce(node, 'imminent');
    passWith(node, 30_100, 'none');
    expect(handover(node)).toBeNull();
    passWith(node, 5_100, 'none');
    expect(handover(node)?.target).toBe('aux');
  });

  test('stays the leader of what nobody can take who lasts longer', () => {
    const node = steadyLeader();
    passWith(node, 100, 'imminent');
    announce(node, 'imminent');
    passWith(node, 10_000, 'imminent');
    expect(handover(node)).toBeNull();
    expect(node.role).toBe('leading');
  });

  test('hands over to one whose machine goes later', () => {
    const node = steadyLeader();
    passWith(node, 100, 'advised');
    announce(node, 'imminent');
    expect(handover(node)?.target).toBe('aux');
  });

  test('with the same prospects as the other stays', () => {
    const node = steadyLeader();
    passWith(node, 100, 'advised');
    announce(node, 'advised');
    passWith(node, 1_000, 'advised');
    expect(handover(node)).toBeNull();
  });
});

describe('a node whose machine is about to go', () => {
  test('is offered nothing by a leader that stays', () => {
    const node = steadyLeader();
    passWith(node, 100, 'advised');
    const move = { type: 'move', id: 'a1', group: 'web', target: 'aux' } as const;
    node.command({ ...move, kind: 'switchover', by: 'uid 0 on main', timeoutMs: 20_000 });
    node.pass(10);
    expect(node.answers.at(-1)?.outcome).toMatchObject({ status: 'refused' });
    expect(node.answers.at(-1)?.outcome.reason).toContain('about to go');
  });

  test('still takes over when the leader falls silent and nobody else is there', () => {
    const node = standbyOf();
    announce(node, 'imminent');
    node.pass(400);
    node.answerNewest(recordOf(5, 'aux'));
    node.answerAddress({ kind: 'node', node: 'aux' });
    node.pass(700);
    expect(node.pending('create-term')).toHaveLength(1);
  });

  test('leaves a silent leader to others first, whatever their place', () => {
    const node = standbyOf(5, { nodes: ['main', 'aux', 'third'] });
    announce(node, 'imminent');
    node.hear('third', { term: 5 as Term, owner: 'aux', ownerIncarnation: 'aux-1' as Incarnation });
    node.pass(400);
    node.answerNewest(recordOf(5, 'aux'));
    node.answerAddress({ kind: 'node', node: 'aux' });
    node.hear('third', {}, { beat: 2 });
    node.pass(630);
    expect(node.pending('create-term')).toHaveLength(0);
    node.pass(100);
    expect(node.pending('create-term')).toHaveLength(1);
  });

  test('refuses a force, saying why', () => {
    const node = standbyOf();
    announce(node, 'imminent');
    const move = { type: 'move', id: 'a1', group: 'web', target: 'main' } as const;
    node.command({ ...move, kind: 'force', by: 'uid 0 on main', timeoutMs: 20_000 });
    expect(node.answers.at(-1)?.outcome).toMatchObject({ status: 'refused', reason: SPOT });
  });

  test('is as good as any when the notice is withdrawn', () => {
    const node = standbyOf();
    announce(node, 'advised');
    announce(node, 'none');
    expect(node.sent.at(-1)?.message.departure).toBe('none');
    expect(node.notes.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['departure-announced', 'departure-withdrawn']),
    );
  });
});
