import { describe, expect, test } from 'vitest';
import type { CallResult } from '../../../src/core/events.ts';
import type { Incarnation, Term } from '../../../src/core/types.ts';
import { OneNode, recordOf, standbyOf } from '../../support/one-node.ts';

const DOWN: CallResult = { type: 'failed', failure: 'unknown', reason: 'the witness is down' };

/** Witness and EC2 answer at once: aux owns `term` and has the address. */
function everyReadShows(node: OneNode, term: number): void {
  while (node.pending('read-newest').length > 0) node.answerNewest(recordOf(term, 'aux'));
  node.auto.set('read-newest', () => ({ type: 'newest-term', record: recordOf(term, 'aux') }));
  node.auto.set('describe-address', () => ({
    type: 'address-reading',
    holder: { kind: 'node', node: 'aux' },
    associationId: 'assoc-1',
  }));
}

describe('a standby (rule 5)', () => {
  test('gets everything ready at warntime: reads the newest term and the address', () => {
    const node = standbyOf();
    node.pass(290);
    expect(node.pending('read-newest')).toHaveLength(0);
    node.pass(20);
    expect(node.pending('read-newest')).toHaveLength(1);
    expect(node.pending('describe-address')).toHaveLength(1);
  });

  test('claims the next term after deadtime and not before, in its own name and incarnation', () => {
    const node = standbyOf(5);
    node.pass(400);
    node.answerNewest(recordOf(5, 'aux'));
    node.answerAddress({ kind: 'node', node: 'aux' });
    node.pass(615);
    expect(node.pending('create-term')).toHaveLength(0);
    node.pass(10);
    expect(node.pending('create-term')[0]?.record).toMatchObject({
      term: 6,
      owner: 'main',
      incarnation: 'me-1',
      leases: { aux: 3_000 },
      reason: 'takeover',
    });
  });

  test('does not claim without a read of the newest term in this silence', () => {
    const node = standbyOf();
    node.pass(400);
    node.answerAddress({ kind: 'node', node: 'aux' });
    node.pass(5_000);
    expect(node.pending('create-term')).toHaveLength(0);
  });

  test('does not claim when EC2 has not answered in this silence', () => {
    const node = standbyOf();
    node.pass(400);
    node.answerNewest(recordOf(5, 'aux'));
    node.pass(5_000);
    expect(node.pending('create-term')).toHaveLength(0);
  });

  test('waits anew when the read shows a newer term', () => {
    const node = standbyOf(5);
    node.pass(400);
    node.answerNewest(recordOf(6, 'aux', 'aux-1', { leases: { main: 3_000 } }));
    node.answerAddress({ kind: 'node', node: 'aux' });
    node.auto.set('read-newest', () => ({
      type: 'newest-term',
      record: recordOf(6, 'aux', 'aux-1', { leases: { main: 3_000 } }),
    }));
    node.auto.set('describe-address', () => ({
      type: 'address-reading',
      holder: { kind: 'node', node: 'aux' },
      associationId: 'assoc-1',
    }));
    // The lease binds from its first sight, stretched for clocks that run 1 % wrong.
    node.pass(3_050);
    expect(node.pending('create-term')).toHaveLength(0);
    node.pass(30);
    expect(node.pending('create-term')[0]?.record.term).toBe(7);
  });

  test('a renounced lease does not bind', () => {
    const node = standbyOf(5);
    node.hearLeader('aux', 6, { leaseMs: 10_000, renounced: true });
    node.pass(400);
    node.answerNewest(recordOf(6, 'aux', 'aux-1', { leases: { main: 10_000 } }));
    node.answerAddress({ kind: 'node', node: 'aux' });
    node.pass(700);
    expect(node.pending('create-term')).toHaveLength(1);
  });

  test('does not claim within deadtime of a failed witness call', () => {
    const node = standbyOf();
    node.auto.set('describe-address', () => ({
      type: 'address-reading',
      holder: { kind: 'node', node: 'aux' },
      associationId: 'assoc-1',
    }));
    node.pass(900);
    node.fail('read-newest');
    node.auto.set('read-newest', () => ({ type: 'newest-term', record: recordOf(5, 'aux') }));
    node.pass(990);
    expect(node.pending('create-term')).toHaveLength(0);
    node.pass(50);
    expect(node.pending('create-term')).toHaveLength(1);
  });

  test('does not claim while it is drained', () => {
    const node = standbyOf();
    node.command({ type: 'set-drained', id: 'x', drained: true, by: 'uid 0 on main' });
    node.pass(400);
    node.pass(5_000);
    expect(node.pending('create-term')).toHaveLength(0);
  });

  test('refuses grants while its create is undecided, and names the term (rule 6)', () => {
    const node = standbyOf(5);
    node.pass(400);
    node.answerNewest(recordOf(5, 'aux'));
    node.answerAddress({ kind: 'node', node: 'aux' });
    node.pass(700);
    node.fail('create-term', 'unknown');
    node.hearLeader('aux', 5);
    expect(node.lastReport).toMatchObject({ role: 'claiming', claimTerm: 6, grants: 0 });
  });

  test('a create that timed out is neither won nor lost: the record decides (rule 7)', () => {
    const node = standbyOf(5);
    node.pass(400);
    node.answerNewest(recordOf(5, 'aux'));
    node.answerAddress({ kind: 'node', node: 'aux' });
    node.pass(700);
    node.fail('create-term', 'unknown');
    expect(node.role).toBe('standby');
    node.pass(400);
    node.answer('create-term', { type: 'term-exists' });
    node.pass(1);
    node.answer('read-term', { type: 'term-record', record: recordOf(6, 'main', 'me-1') });
    expect(node.role).toBe('leading');
  });

  test('a create that was surely never sent is over', () => {
    const node = standbyOf(5);
    node.pass(400);
    node.answerNewest(recordOf(5, 'aux'));
    node.answerAddress({ kind: 'node', node: 'aux' });
    node.pass(700);
    node.fail('create-term', 'not-sent');
    node.hearLeader('aux', 5);
    expect(node.lastReport).toMatchObject({ role: 'standby', grants: 5 });
  });

  test('a term in its name but of another incarnation gives it nothing (rule 1)', () => {
    const node = standbyOf(5);
    node.pass(400);
    node.answerNewest(recordOf(6, 'main', 'me-0'));
    expect(node.role).toBe('standby');
    expect(node.lastReport.role).not.toBe('leading');
  });

  test('takes a read that shows less than its state file for an old one', () => {
    const node = standbyOf(5, { floor: 9 });
    everyReadShows(node, 5);
    node.pass(55_000);
    expect(node.pending('create-term')).toHaveLength(0);
  });

  test('never creates a term at or below the highest that its state file names', () => {
    const node = standbyOf(5, { floor: 9 });
    everyReadShows(node, 5);
    // The witness was emptied: after the longest lease there is it goes on above what it once knew.
    node.pass(62_000);
    expect(node.pending('create-term')[0]?.record.term).toBe(10);
  });

  test('a term of somebody else that is older than its own undecided one does not decide it', () => {
    const node = standbyOf(5, { floor: 9 });
    everyReadShows(node, 5);
    node.pass(62_000);
    node.hear('aux', { term: 6 as Term, owner: 'aux', ownerIncarnation: 'aux-1' as Incarnation });
    node.answer('create-term', { type: 'term-created' });
    expect(node.lastReport).toMatchObject({ role: 'leading', term: 10 });
  });

  test('a read of before the machine was suspended is old, whatever the monotonic clock says', () => {
    const node = standbyOf(5);
    node.pass(400);
    node.answerNewest(recordOf(5, 'aux'));
    node.answerAddress({ kind: 'node', node: 'aux' });
    node.suspendedMs += 1_200_000;
    node.pass(800);
    expect(node.pending('create-term')).toHaveLength(0);
    node.answerNewest(recordOf(5, 'aux'));
    expect(node.pending('create-term')).toHaveLength(1);
  });

  test('a create that was left undecided for long is sent again only after a read', () => {
    const node = standbyOf(5);
    everyReadShows(node, 5);
    node.pass(1_100);
    node.auto.set('read-newest', () => DOWN);
    node.auto.set('create-term', () => DOWN);
    node.fail('create-term', 'unknown');
    node.pass(120_000);
    node.auto.delete('create-term');
    node.pass(10_000);
    expect(node.pending('create-term')).toHaveLength(0);
    everyReadShows(node, 5);
    node.pass(3_000);
    expect(node.pending('create-term')[0]?.record.term).toBe(6);
  });

  test('waits for the lease of the newest term also when its state file names a higher one', () => {
    const node = standbyOf(5, { floor: 500 });
    everyReadShows(node, 5);
    for (let ms = 0; ms < 70_000; ms += 200) {
      node.hearLeader('aux', 5, { leaseMs: 10_000 });
      node.pass(200);
    }
    node.hearLeader('aux', 6, { leaseMs: 10_000 });
    expect(node.lastReport).toMatchObject({ grants: 0, claimTerm: 501 });
    everyReadShows(node, 6);
    node.pass(10_100);
    expect(node.pending('create-term')).toHaveLength(0);
    node.pass(1_000);
    expect(node.pending('create-term')[0]?.record.term).toBe(501);
  });

  test('promises for as long as the leader counts, whatever its own file says', () => {
    const node = standbyOf(5);
    node.hearLeader('aux', 5, { deadtimeMs: 4_000 });
    node.auto.set('read-newest', () => ({ type: 'newest-term', record: recordOf(5, 'aux') }));
    node.auto.set('describe-address', () => ({
      type: 'address-reading',
      holder: { kind: 'node', node: 'aux' },
      associationId: 'assoc-1',
    }));
    node.pass(4_050);
    expect(node.pending('create-term')).toHaveLength(0);
    node.pass(60);
    expect(node.pending('create-term')).toHaveLength(1);
  });

  test('keeps what an earlier life of it may have promised, for as long as the leader counts', () => {
    const node = new OneNode();
    everyReadShows(node, 5);
    node.answerAddress({ kind: 'node', node: 'aux' });
    const ownerIncarnation = 'aux-1' as Incarnation;
    const report = { term: 5 as Term, owner: 'aux', ownerIncarnation, hasAddress: true, deadtimeMs: 4_000 };
    // A greeting, to which no promise is the answer; then the leader is silent.
    node.hear('aux', { role: 'leading', ...report });
    node.pass(4_050);
    expect(node.pending('create-term')).toHaveLength(0);
    node.pass(60);
    expect(node.pending('create-term')).toHaveLength(1);
  });
});
