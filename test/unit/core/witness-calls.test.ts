import { describe, expect, test } from 'vitest';
import type { Incarnation } from '../../../src/core/types.ts';
import { OneNode, recordOf, standbyOf } from '../../support/one-node.ts';

/** Every create is refused at once; returns how many were sent. */
function countRefusedCreates(node: OneNode): () => number {
  let count = 0;
  node.auto.set('create-term', () => {
    count += 1;
    if (count > 100) throw new Error('creates follow each other without a pause');
    return { type: 'failed', failure: 'throttled', reason: 'simulated' };
  });
  return () => count;
}

describe('creates that the witness refuses at once', () => {
  test('are spaced while a force is pursued', () => {
    const node = standbyOf(5);
    const count = countRefusedCreates(node);
    node.auto.set('read-newest', () => ({ type: 'newest-term', record: recordOf(5, 'aux') }));
    node.command({
      type: 'move',
      id: 'f1',
      group: 'web',
      target: 'main',
      kind: 'force',
      by: 'uid 0 on main',
      timeoutMs: 5_000,
    });
    node.pass(1_000);
    expect(count()).toBeGreaterThan(1);
    expect(count()).toBeLessThan(6);
  });

  test('are spaced while a yield is taken up', () => {
    const node = standbyOf(5);
    const count = countRefusedCreates(node);
    node.hearLeader('aux', 5, { prepare: 'main', handover: 1 });
    node.hearLeader('aux', 5, {
      prepare: 'main',
      handover: 1,
      role: 'yielding',
      yieldTo: 'main',
      yieldToIncarnation: 'me-1' as Incarnation,
    });
    node.pass(250);
    expect(count()).toBe(1);
  });

  test('are spaced while an own term is adopted', () => {
    const node = new OneNode();
    const count = countRefusedCreates(node);
    node.answerNewest(recordOf(5, 'main', 'me-0'));
    node.answerAddress({ kind: 'node', node: 'main' });
    node.pass(250);
    expect(count()).toBe(1);
  });
});
