import { describe, expect, test } from 'vitest';
import {
  countOptionalMove,
  heldDownUntilMs,
  learnMovesOfLate,
  movesOfLate,
  takeoverWaitMs,
} from '../../../src/core/damping.ts';
import type { Incarnation, Term } from '../../../src/core/types.ts';
import { leaderOf, type OneNode, recordOf, standbyOf } from '../../support/one-node.ts';

const PREFERS_AUX = { nodes: ['aux', 'main'], failback: { mode: 'auto', afterMs: 2_000 } } as const;

const LEADS = {
  role: 'leading',
  term: 5 as Term,
  owner: 'aux',
  ownerIncarnation: 'aux-1' as Incarnation,
  deadtimeMs: 1_000,
  hasAddress: true,
} as const;

function preferringAux(): OneNode {
  const node = leaderOf(6, { group: PREFERS_AUX });
  node.auto.set('read-newest', () => ({ type: 'newest-term', record: recordOf(6, 'main', 'me-1') }));
  return node;
}

describe('optional moves (rule 15)', () => {
  test('the first is held down by nothing', () => {
    const node = preferringAux();
    expect(heldDownUntilMs(node.group)).toBe(Number.NEGATIVE_INFINITY);
  });

  test('each doubles the wait for the next, up to half an hour', () => {
    const { group } = preferringAux();
    const waits = [1, 2, 3, 4, 5, 6, 7, 8].map((move) => {
      countOptionalMove(group, move * 1_000);
      return heldDownUntilMs(group) - move * 1_000;
    });
    expect(waits).toEqual([30_000, 60_000, 120_000, 240_000, 480_000, 960_000, 1_800_000, 1_800_000]);
  });

  test('a quiet hour clears them', () => {
    const { group } = preferringAux();
    for (const atMs of [1_000, 2_000, 3_000]) countOptionalMove(group, atMs);
    countOptionalMove(group, 3_000 + 3_600_000);
    expect(heldDownUntilMs(group) - 3_603_000).toBe(30_000);
  });

  test('a failback waits for the end of the hold-down', () => {
    const node = preferringAux();
    const record = recordOf(6, 'main', 'me-1', { optionalMoves: { count: 1, agoMs: 0 } });
    learnMovesOfLate(node.group, record, node.nowMs);
    const madeMs = node.nowMs;
    node.auto.set('read-newest', () => ({ type: 'newest-term', record, ageMs: node.nowMs - madeMs }));
    node.passGranted('aux', 29_000);
    expect(node.lastReport.prepare).toBe('');
    node.passGranted('aux', 2_000);
    expect(node.lastReport.prepare).toBe('aux');
  });

  test('every record says how many there were and how long ago, so that no restart forgets them', () => {
    const { group, nowMs } = standbyOf(5);
    const record = recordOf(5, 'aux', 'aux-1', { optionalMoves: { count: 3, agoMs: 10_000 } });
    learnMovesOfLate(group, record, nowMs - 1_000);
    expect(heldDownUntilMs(group)).toBe(nowMs - 11_000 + 120_000);
    expect(movesOfLate(group, nowMs, 'optional')).toEqual({ optionalMoves: { count: 4, agoMs: 0 } });
    expect(movesOfLate(group, nowMs, 'neither')).toEqual({ optionalMoves: { count: 3, agoMs: 11_000 } });
  });

  test('an hour later the record says nothing of them, and the next is the first', () => {
    const { group, nowMs } = standbyOf(5);
    const record = recordOf(5, 'aux', 'aux-1', { optionalMoves: { count: 3, agoMs: 0 } });
    learnMovesOfLate(group, record, nowMs - 3_600_000);
    expect(movesOfLate(group, nowMs, 'neither')).toEqual({});
    expect(movesOfLate(group, nowMs, 'optional')).toEqual({ optionalMoves: { count: 1, agoMs: 0 } });
  });

  test('end also where the witness does not say how old a record is that is read again and again', () => {
    const node = leaderOf(6, { group: PREFERS_AUX });
    const record = recordOf(6, 'main', 'me-1', { optionalMoves: { count: 1, agoMs: 0 } });
    learnMovesOfLate(node.group, record, node.nowMs);
    node.auto.set('read-newest', () => ({ type: 'newest-term', record }));
    node.passGranted('aux', 35_000);
    expect(node.lastReport.prepare).toBe('aux');
  });

  test('draining waits for nothing', () => {
    const node = preferringAux();
    countOptionalMove(node.group, node.nowMs);
    node.passGranted('aux', 1_000);
    node.command({ type: 'set-drained', id: 'd1', drained: true, by: 'uid 0 on main' });
    node.passGranted('aux', 50);
    expect(node.lastReport.prepare).toBe('aux');
  });

  test('an operator that drains a node starts no hold-down: the way back is free', () => {
    const node = preferringAux();
    node.passGranted('aux', 1_000);
    node.command({ type: 'set-drained', id: 'd1', drained: true, by: 'uid 0 on main' });
    node.passGranted('aux', 50);
    node.hear('aux', {
      term: 6 as Term,
      owner: 'main',
      ownerIncarnation: node.state.incarnation,
      ready: true,
      handover: 1,
    });
    node.passGranted('aux', 100);
    expect(node.lastReport.yieldTo).toBe('aux');
    node.hearLeader('aux', 7);
    expect(node.role).toBe('standby');
    expect(heldDownUntilMs(node.group)).toBe(Number.NEGATIVE_INFINITY);
  });

  test('nor does the node that takes over from one that drains', () => {
    for (const [drained, moves] of [
      [true, 0],
      [false, 1],
    ] as const) {
      const node = standbyOf(5);
      node.hear('aux', { ...LEADS, prepare: 'main', handover: 1 }, { drained, wantsReply: true });
      node.hear(
        'aux',
        {
          ...LEADS,
          role: 'yielding',
          prepare: 'main',
          handover: 1,
          yieldTo: 'main',
          yieldToIncarnation: node.state.incarnation,
        },
        { drained, wantsReply: true },
      );
      while (node.pending('read-newest').length > 0) node.answerNewest(recordOf(5, 'aux'));
      node.answer('create-term', { type: 'term-created' });
      expect(node.role).toBe('leading');
      expect(node.group.damping.moves).toBe(moves);
    }
  });

  test('a handover that failed is tried again after 30 s, the next after a minute', () => {
    const node = preferringAux();
    const begun: number[] = [];
    for (let left = 140_000; left > 0; left -= 50) {
      const before = node.notes.length;
      node.pass(50);
      node.grant('aux');
      if (node.notes.slice(before).some((note) => note.type === 'handover-started')) begun.push(node.nowMs);
      // Ineligible for a moment: the handover that has just begun is broken.
      if (node.lastReport.prepare !== '') {
        node.hear('aux', {
          term: 6 as Term,
          owner: 'main',
          ownerIncarnation: node.state.incarnation,
          eligible: false,
        });
      }
    }
    expect(begun.length).toBe(3);
    expect(begun[1]! - begun[0]!).toBeGreaterThanOrEqual(30_000);
    expect(begun[2]! - begun[1]!).toBeGreaterThanOrEqual(60_000);
  });
});

describe('takeovers one after the other (rule 15)', () => {
  /** The record of a term that was taken over, with how long before it others were. */
  const takeover = (...ages: number[]) => recordOf(5, 'aux', 'aux-1', { takeovers: ages });
  const HOUR = 3_600_000;

  test.each([
    [[], 0],
    [[0], 0],
    [[0, 10_000], 5_000],
    [[0, 10_000, 20_000], 10_000],
    [[0, 1, 2, 3], 20_000],
    [[0, 1, 2, 3, 4], 30_000],
    [[0, 1, 2, 3, 4, 5], 30_000],
  ])('after those of %j ms before the record the next waits %i ms longer', (ages, waitMs) => {
    const { group, nowMs } = standbyOf(5);
    learnMovesOfLate(group, takeover(...ages), nowMs);
    expect(takeoverWaitMs(group, nowMs)).toBe(waitMs);
  });

  test('an hour forgets them, also of a record that was old when it was read', () => {
    const { group, nowMs } = standbyOf(5);
    learnMovesOfLate(group, takeover(0, 10_000, 20_000), nowMs);
    expect(takeoverWaitMs(group, nowMs + HOUR - 15_000)).toBe(5_000);
    expect(takeoverWaitMs(group, nowMs + HOUR)).toBe(0);
    learnMovesOfLate(group, takeover(0, 10_000, 20_000), nowMs - HOUR);
    expect(takeoverWaitMs(group, nowMs)).toBe(0);
  });

  test('every record says how long before it they were, so that whoever reads the newest knows them all', () => {
    const { group, nowMs } = standbyOf(5);
    learnMovesOfLate(group, takeover(0, 10_000), nowMs - 1_000);
    expect(movesOfLate(group, nowMs, 'takeover')).toEqual({ takeovers: [0, 1_000, 11_000] });
    expect(movesOfLate(group, nowMs, 'neither')).toEqual({ takeovers: [1_000, 11_000] });
    expect(movesOfLate(standbyOf(5).group, nowMs, 'neither')).toEqual({});
  });

  test('a claimant that reads of two waits for the third, says so once, and then claims', () => {
    const node = standbyOf(5);
    const record = takeover(0, 60_000);
    node.auto.set('read-newest', () => ({ type: 'newest-term', record, ageMs: 30_000 }));
    node.auto.set('describe-address', () => ({
      type: 'address-reading',
      holder: { kind: 'node', node: 'aux' },
      associationId: 'assoc-1',
    }));
    node.pass(5_900);
    expect(node.pending('create-term')).toHaveLength(0);
    node.pass(300);
    expect(node.pending('create-term')[0]?.record).toMatchObject({ reason: 'takeover' });
    expect(node.pending('create-term')[0]?.record.takeovers).toHaveLength(3);
    const alarms = node.notes.filter((note) => note.type === 'takeover-delayed');
    expect(alarms).toEqual([{ type: 'takeover-delayed', group: 'web', takeovers: 2, waitMs: 5_000 }]);
  });
});
