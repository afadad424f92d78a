import { describe, expect, test } from 'vitest';
import { learnMovesOfLate } from '../../../src/core/damping.ts';
import { canLead, whyNotEligible } from '../../../src/core/eligibility.ts';
import type { Reach } from '../../../src/core/message.ts';
import type { Incarnation, Term } from '../../../src/core/types.ts';
import { leaderOf, type OneNode, recordOf, standbyOf } from '../../support/one-node.ts';

const reach = (reached: number, of = 3): Reach => ({ reached, of });
const tell = (node: OneNode, own: Reach | null) => node.happen({ type: 'reach', reach: own });
const handover = (node: OneNode) => (node.group.role.kind === 'leading' ? node.group.role.handover : null);

/** Passes `ms` while aux grants, and says how many it reaches. */
function passWith(node: OneNode, ms: number, theirs: Reach | null): void {
  for (let left = ms; left > 0; left -= 50) {
    node.pass(Math.min(50, left));
    const report = {
      term: 6 as Term,
      owner: 'main',
      ownerIncarnation: 'me-1' as Incarnation,
      grants: 6 as Term,
    };
    node.hear('aux', report, { kind: 'reply', beat: node.state.heartbeat.beat, reach: theirs });
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
  passWith(node, 2_000, reach(3));
  return node;
}

describe('a leader that reaches fewer ping nodes than its peer', () => {
  test('hands over when that has been so for ten seconds', () => {
    const node = steadyLeader();
    tell(node, reach(1));
    passWith(node, 9_800, reach(3));
    expect(handover(node)).toBeNull();
    passWith(node, 400, reach(3));
    expect(handover(node)).toMatchObject({
      target: 'aux',
      why: 'this node reaches 1 of 3 ping nodes, aux 3',
    });
  });

  test('begins to count anew after a moment in which it was not so', () => {
    const node = steadyLeader();
    tell(node, reach(1));
    passWith(node, 9_000, reach(3));
    passWith(node, 100, reach(1));
    passWith(node, 9_800, reach(3));
    expect(handover(node)).toBeNull();
  });

  test('waits for the hold-down of optional moves', () => {
    const node = steadyLeader();
    const madeMs = node.nowMs;
    const record = recordOf(6, 'main', 'me-1', { optionalMoves: { count: 2, agoMs: 0 } });
    node.auto.set('read-newest', () => ({ type: 'newest-term', record, ageMs: node.nowMs - madeMs }));
    learnMovesOfLate(node.group, record, madeMs);
    tell(node, reach(0));
    passWith(node, 20_000, reach(3));
    expect(handover(node)).toBeNull();
    passWith(node, 41_000, reach(3));
    expect(handover(node)?.target).toBe('aux');
  });

  test.each([
    ['as many', reach(1)],
    ['of another list', reach(4, 5)],
    ['none that it knows of', null],
  ])('does not when the peer reaches %s', (_what, theirs) => {
    const node = steadyLeader();
    tell(node, reach(1));
    passWith(node, 15_000, theirs);
    expect(handover(node)).toBeNull();
  });
});

test('a group does not go back to a preferred node that reaches fewer', () => {
  const node = leaderOf(6, { group: { nodes: ['aux', 'main'], failback: { mode: 'auto', afterMs: 1_000 } } });
  node.auto.set('describe-address', () => ({
    type: 'address-reading',
    holder: { kind: 'node', node: 'main' },
    associationId: 'assoc-own',
  }));
  node.auto.set('read-newest', () => ({ type: 'newest-term', record: recordOf(6, 'main', 'me-1') }));
  tell(node, reach(3));
  passWith(node, 5_000, reach(2));
  expect(handover(node)).toBeNull();
  passWith(node, 2_000, reach(3));
  expect(handover(node)?.target).toBe('aux');
});

describe('a node that reaches no ping node', () => {
  test('does not claim, and says why', () => {
    const node = standbyOf();
    node.hear('aux', {}, { beat: 2, reach: reach(3) });
    tell(node, reach(0));
    expect(whyNotEligible(node.state, node.group)).toBe('none of its 3 ping nodes answers it');
    node.pass(400);
    node.answerNewest(recordOf(5, 'aux'));
    node.answerAddress({ kind: 'node', node: 'aux' });
    node.pass(3_000);
    expect(node.pending('create-term')).toHaveLength(0);
    expect(node.lastReport.eligible).toBe(false);
  });

  test('may claim when the leader reached none either: that says nothing', () => {
    const node = standbyOf();
    node.hear('aux', {}, { beat: 2, reach: reach(0) });
    tell(node, reach(0));
    expect(canLead(node.state, node.group)).toBe(true);
  });

  test('may lead again when one answers', () => {
    const node = standbyOf();
    tell(node, reach(0));
    expect(canLead(node.state, node.group)).toBe(false);
    tell(node, reach(1));
    expect(canLead(node.state, node.group)).toBe(true);
  });
});
