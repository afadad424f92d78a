import { describe, expect, test } from 'vitest';
import type { Incarnation, Term } from '../../../src/core/types.ts';
import { leaderOf, OneNode, recordOf, standbyOf } from '../../support/one-node.ts';

const AUX_LEADS = {
  role: 'leading',
  term: 5 as Term,
  owner: 'aux',
  ownerIncarnation: 'aux-1' as Incarnation,
  deadtimeMs: 1_000,
} as const;

describe('messages that come late', () => {
  test('a heartbeat that a newer one has overtaken does not call off the hold that the newer one announced', () => {
    const node = standbyOf(5);
    node.hear('aux', { ...AUX_LEADS, holdMs: 15_000 }, { wantsReply: true, beat: 10 });
    node.hear('aux', { ...AUX_LEADS, holdMs: 0 }, { wantsReply: true, beat: 9 });
    expect(node.group.holdUntilMs).toBe(node.nowMs + 15_000);
  });

  test('the same heartbeat on a second path is answered there too', () => {
    const node = standbyOf(5);
    node.hear('aux', AUX_LEADS, { wantsReply: true, beat: 10 });
    const before = node.sent.length;
    node.hear('aux', AUX_LEADS, { wantsReply: true, beat: 10 });
    expect(node.sent.slice(before)).toMatchObject([{ to: 'aux', message: { kind: 'reply', beat: 10 } }]);
  });

  test('a new incarnation counts its heartbeats from the start', () => {
    const node = standbyOf(5);
    node.hear('aux', AUX_LEADS, { wantsReply: true, beat: 500 });
    node.hear('aux', { role: 'starting' }, { beat: 1 }, 'aux-2');
    expect(node.state.peers.get('aux')?.reports.get('web')?.role).toBe('starting');
  });

  test('a reply to a heartbeat that was never sent grants nothing and keeps no later reply out', () => {
    const node = leaderOf(6);
    node.grant('aux', 9_999);
    node.passGranted('aux', 2_000);
    node.pass(50);
    expect(node.group.role.kind === 'leading' && node.group.role.bonds.get('aux')?.lease?.renounced).toBe(
      true,
    );
  });
});

describe("a node that restarted (rule 6, the model's FORGETS_ITS_CREATE and FORGETS_TERMS)", () => {
  test('grants no term below one that its earlier life knew', () => {
    const node = new OneNode({ floor: 7 });
    node.hearLeader('aux', 6);
    const reply = node.sent.findLast(({ message }) => message.kind === 'reply');
    expect(reply?.message.reports[0]?.grants).toBe(0);
  });

  test('grants no term below one that its earlier life may have created', () => {
    const node = new OneNode({ tried: 7 });
    node.hearLeader('aux', 6);
    expect(node.sent.findLast(({ message }) => message.kind === 'reply')?.message.reports[0]?.grants).toBe(0);
    node.hearLeader('aux', 7);
    expect(node.sent.findLast(({ message }) => message.kind === 'reply')?.message.reports[0]?.grants).toBe(7);
  });

  test('names a term on disk before it asks for its creation', () => {
    const node = standbyOf(5);
    node.pass(400);
    node.answerNewest(recordOf(5, 'aux'));
    node.answerAddress({ kind: 'node', node: 'aux' });
    node.pass(700);
    expect(node.pending('create-term')).toHaveLength(1);
    expect(node.persisted.at(-1)?.triedTerms).toEqual({ web: 6 });
  });
});
