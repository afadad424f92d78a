import { describe, expect, test } from 'vitest';
import { OneNode, recordOf } from '../../support/one-node.ts';

const MAIN = { kind: 'node', node: 'main' } as const;

describe('a node that starts (rule 13)', () => {
  test('adopts the term that names it when the address is here', () => {
    const node = new OneNode();
    node.answerNewest(recordOf(5, 'main', 'me-0'));
    expect(node.lastReport.role).toBe('restarting');
    node.answerAddress(MAIN);
    expect(node.pending('create-term')[0]?.record).toMatchObject({ term: 6, reason: 'adopt' });
  });

  test('does not adopt a term that is older than what its state file names: the read is old', () => {
    const node = new OneNode({ floor: 9 });
    node.answerNewest(recordOf(5, 'main', 'me-0'));
    node.answerAddress(MAIN);
    node.pass(50);
    expect(node.pending('create-term')).toHaveLength(0);
  });

  test('starts its search for the newest term where its state file ends', () => {
    const node = new OneNode({ floor: 9 });
    expect(node.pending('read-newest')[0]?.known).toBe(9);
  });

  test('says nothing of a term that it only read of, and starts and stops nothing before initdead', () => {
    const node = new OneNode({ group: { standbyServices: 'stopped' } });
    node.auto.set('check-services', () => ({ type: 'services-state', running: true }));
    node.answerNewest(recordOf(5, 'aux'));
    node.answerAddress({ kind: 'node', node: 'aux' });
    node.pass(9_900);
    expect(node.lastReport.role).toBe('starting');
    expect(node.pending('stop-services')).toHaveLength(0);
    node.pass(300);
    expect(node.role).toBe('standby');
  });

  test('is a standby as soon as everybody was heard', () => {
    const node = new OneNode();
    node.answerNewest(recordOf(5, 'aux'));
    node.answerAddress({ kind: 'node', node: 'aux' });
    node.hear('aux', { role: 'starting' });
    expect(node.role).toBe('standby');
  });
});
