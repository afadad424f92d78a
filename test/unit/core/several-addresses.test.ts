import { describe, expect, test } from 'vitest';
import { leaderOf, type OneNode, recordOf, standbyOf } from '../../support/one-node.ts';

const AUX = { kind: 'node', node: 'aux' } as const;
const MAIN = { kind: 'node', node: 'main' } as const;
const STOPPED = { group: { standbyServices: 'stopped' } } as const;

/** A former leader for `ms`, whose looks show this. */
function passUnder(node: OneNode, ms: number, partlyHere: boolean): void {
  node.auto.set('describe-address', () => ({
    type: 'address-reading',
    holder: AUX,
    associationId: 'assoc-new',
    partlyHere,
  }));
  for (let left = ms; left > 0; left -= 100) {
    node.hearLeader('aux', 7);
    node.pass(100);
  }
}

describe('a group with several addresses', () => {
  test('keeps its services on a former leader as long as one of them is still here', () => {
    const node = leaderOf(6, STOPPED);
    passUnder(node, 30_000, true);
    expect(node.pending('stop-services')).toHaveLength(0);
    passUnder(node, 30_000, false);
    expect(node.pending('stop-services')).toHaveLength(1);
  });

  test('takes a reading for stale that shows one of the associations which the own move ended', () => {
    const node = standbyOf(5);
    node.pass(400);
    node.answerNewest(recordOf(5, 'aux'));
    node.answerAddress(AUX, 'assoc-1 assoc-2');
    node.pass(700);
    node.answer('create-term', { type: 'term-created' });
    node.answer('take-address', { type: 'address-moved', associationId: 'own-1 own-2' });
    node.auto.set('read-newest', () => ({ type: 'newest-term', record: recordOf(6, 'main', 'me-1') }));
    node.auto.set('describe-address', () => ({
      type: 'address-reading',
      holder: AUX,
      associationId: 'assoc-2 assoc-3',
      partlyHere: true,
    }));
    node.passGranted('aux', 10_000);
    expect(node.group.address.holder).toEqual(MAIN);
    node.auto.delete('read-newest');
    node.auto.delete('describe-address');
    while (node.pending('describe-address').length === 0) node.passGranted('aux', 50);
    node.answerAddress(AUX, 'assoc-by-hand');
    expect(node.group.address.holder).toEqual(AUX);
  });
});
