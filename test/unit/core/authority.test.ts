import { describe, expect, test } from 'vitest';
import { hasAuthority } from '../../../src/core/authority.ts';
import type { Incarnation, Term } from '../../../src/core/types.ts';
import { GROUP, leaderOf, recordOf } from '../../support/one-node.ts';

describe('authority (rule 3)', () => {
  test('rests on the lease of the record, counted from when the create was sent', () => {
    const node = leaderOf(6);
    expect(hasAuthority(node.state, 'web', node.at)).toBe(true);
    // Nobody answers and the witness is silent: the lease of 3 s runs out.
    node.pass(2_900);
    expect(hasAuthority(node.state, 'web', node.at)).toBe(true);
    node.pass(50);
    expect(hasAuthority(node.state, 'web', node.at)).toBe(false);
  });

  test('rests on grants, counted from when the granted heartbeat was sent', () => {
    const node = leaderOf(6);
    node.passGranted('aux', 4_000);
    const sentMs = node.state.heartbeat.sentOwnMs[node.state.heartbeat.beat % 256]!;
    node.pass(sentMs + 999 - node.nowMs);
    expect(hasAuthority(node.state, 'web', node.at)).toBe(true);
    node.pass(2);
    expect(hasAuthority(node.state, 'web', node.at)).toBe(false);
  });

  test('is gone after the machine was suspended for longer than a grant lives', () => {
    const node = leaderOf(6);
    node.passGranted('aux', 4_000);
    node.suspendedMs += 1_100;
    expect(hasAuthority(node.state, 'web', node.at)).toBe(false);
  });

  test('renounces the lease of a node that has granted without a gap for deadtime, and says so', () => {
    const node = leaderOf(6);
    node.passGranted('aux', 900);
    expect(node.lastReport.renounced).toBe(false);
    node.passGranted('aux', 300);
    expect(node.lastReport.renounced).toBe(true);
  });

  test('a renounced lease is not counted any more, also when the node falls silent again', () => {
    const node = leaderOf(6);
    node.passGranted('aux', 1_200);
    node.pass(1_100);
    expect(hasAuthority(node.state, 'web', node.at)).toBe(false);
  });

  test('is defended above what another node knew before its restart, which grants nothing below', () => {
    const node = leaderOf(6);
    node.auto.set('create-term', () => ({ type: 'term-created' }));
    const report = { term: 6 as Term, owner: 'main', ownerIncarnation: 'me-1' as Incarnation };
    for (let ms = 0; ms < 4_000; ms += 100) {
      node.hear('aux', { ...report, claimTerm: 501 as Term });
      node.pass(100);
    }
    expect(node.lastReport.term).toBeGreaterThan(500);
  });

  test('a deadtime made longer by a reload does not stretch what was granted before', () => {
    const node = leaderOf(6);
    node.passGranted('aux', 4_000);
    node.auto.set('create-term', () => ({ type: 'failed', failure: 'not-sent', reason: 'gone' }));
    node.auto.set('read-newest', () => ({ type: 'failed', failure: 'not-sent', reason: 'gone' }));
    node.reload({ timings: { ...GROUP.timings, deadtimeMs: 5_000 } });
    node.pass(1_000);
    expect(hasAuthority(node.state, 'web', node.at)).toBe(false);
    // A grant for a heartbeat that carried the new one counts in full.
    node.grant('aux');
    node.pass(4_800);
    expect(hasAuthority(node.state, 'web', node.at)).toBe(true);
  });

  test('an old reply, to a heartbeat sent long ago, does not stretch it', () => {
    const node = leaderOf(6);
    node.passGranted('aux', 2_000);
    const old = node.state.heartbeat.beat - 8;
    const until = node.group.role.kind === 'leading' && node.group.role.bonds.get('aux')!.grantOwnMs;
    node.grant('aux', old);
    expect(node.group.role.kind === 'leading' && node.group.role.bonds.get('aux')!.grantOwnMs).toBe(until);
  });
});

describe('a leader (rules 4, 6, 8)', () => {
  test('succeeds itself when a node has not granted for warntime', () => {
    const node = leaderOf(6);
    node.passGranted('aux', 2_000);
    node.pass(190);
    expect(node.pending('create-term')).toHaveLength(0);
    node.pass(150);
    expect(node.pending('create-term')[0]?.record).toMatchObject({
      term: 7,
      owner: 'main',
      reason: 'defence',
      leases: { aux: 3_000 },
    });
  });

  test('writes nothing to the witness while everybody grants', () => {
    const node = leaderOf(6);
    node.passGranted('aux', 30_000);
    expect(node.pending('create-term')).toHaveLength(0);
  });

  test('creates at once the very term that a claimant names', () => {
    const node = leaderOf(6);
    node.passGranted('aux', 2_000);
    node.hear('aux', {
      role: 'claiming',
      claimTerm: 7 as never,
      term: 6 as never,
      owner: 'main',
      ownerIncarnation: 'me-1' as never,
    });
    expect(node.pending('create-term')[0]?.record.term).toBe(7);
  });

  test('steps down the moment it hears of a newer term of somebody else', () => {
    const node = leaderOf(6);
    node.hearLeader('aux', 7);
    expect(node.role).toBe('standby');
    expect(hasAuthority(node.state, 'web', node.at)).toBe(false);
    const reply = node.sent.findLast(({ message }) => message.kind === 'reply');
    expect(reply?.message.reports[0]).toMatchObject({ role: 'standby', term: 7, owner: 'aux', grants: 7 });
  });

  test('while its create is undecided the smaller of both records counts (rule 7)', () => {
    const node = leaderOf(6);
    node.pass(1_900);
    // The renewal of the lease is on its way: it must not count before its record is known.
    expect(node.pending('create-term')).toHaveLength(1);
    node.pass(1_150);
    expect(hasAuthority(node.state, 'web', node.at)).toBe(false);
  });

  test('after its authority lapsed it creates only after a read', () => {
    const node = leaderOf(6);
    node.auto.set('describe-address', () => ({
      type: 'address-reading',
      holder: { kind: 'node', node: 'main' },
      associationId: 'assoc-own',
    }));
    node.pass(1_900);
    node.fail('create-term', 'not-sent');
    node.auto.set('create-term', () => ({ type: 'failed', failure: 'not-sent', reason: 'witness gone' }));
    node.pass(1_400);
    expect(hasAuthority(node.state, 'web', node.at)).toBe(false);
    node.auto.delete('create-term');
    node.pass(1_000);
    expect(node.pending('create-term')).toHaveLength(0);
    // This one was begun before the lapse and is too old to tell; the next one is not.
    node.answerNewest(recordOf(6, 'main', 'me-1'));
    expect(node.pending('create-term')).toHaveLength(0);
    node.answerNewest(recordOf(6, 'main', 'me-1'));
    expect(node.pending('create-term')).toHaveLength(1);
  });
});
