import { describe, expect, test } from 'vitest';
import { hasAuthority } from '../../../src/core/authority.ts';
import { leaderOf, type OneNode, recordOf, standbyOf } from '../../support/one-node.ts';

const THREE = ['main', 'aux', 'third'];

const forget = (node: OneNode, name: string) =>
  node.command({ type: 'forget', id: 'forget-1', node: name, by: 'somebody', timeoutMs: 10_000 });
const lastAnswer = (node: OneNode) => node.answers.at(-1)?.outcome;

/** Passes `ms` while aux grants; what is created meanwhile waits for its answer. */
function leaderThatKnows(members: readonly string[], nodes = THREE): OneNode {
  const node = standbyOf(5, { nodes });
  const record = (term: number, owner = 'aux', incarnation = 'aux-1') =>
    recordOf(term, owner, incarnation, { members });
  node.pass(400);
  node.answerNewest(record(5));
  node.answerAddress({ kind: 'node', node: 'aux' });
  node.pass(700);
  node.answer('create-term', { type: 'term-created' });
  node.answer('take-address', { type: 'address-moved', associationId: 'assoc-own' });
  while (node.pending('read-newest').length > 0) node.answerNewest(record(6, 'main', 'me-1'));
  return node;
}

describe('the set of nodes (rule 19)', () => {
  test('is the one of the newest record, which a claim copies, and not that of the file', () => {
    const node = leaderThatKnows(['main', 'aux']);
    expect(node.group.newest?.members).toEqual(['main', 'aux']);
    node.passGranted('aux', 2_000);
    // Third never granted and is bound by nothing.
    expect(hasAuthority(node.state, 'web', node.at)).toBe(true);
    expect(node.pending('create-term')).toEqual([]);
  });

  test('binds a member that the file does not name', () => {
    const node = leaderThatKnows(THREE, ['main', 'aux']);
    node.passGranted('aux', 2_900);
    expect(hasAuthority(node.state, 'web', node.at)).toBe(true);
    expect(node.pending('create-term')[0]?.record.leases).toEqual({ third: 3_000 });
    node.passGranted('aux', 100);
    expect(hasAuthority(node.state, 'web', node.at)).toBe(false);
  });

  test('is not claimed over by a node outside it', () => {
    const node = standbyOf(5);
    node.pass(400);
    node.answerNewest(recordOf(5, 'aux', 'aux-1', { members: ['aux', 'third'] }));
    node.answerAddress({ kind: 'node', node: 'aux' });
    node.pass(60_000);
    expect(node.pending('create-term')).toEqual([]);
    expect(node.notes).toContainEqual(expect.objectContaining({ type: 'ineligible' }));
  });

  test('is known of a term only from its record: what was heard of is read before a claim', () => {
    const node = standbyOf(5);
    node.hearLeader('aux', 7);
    node.pass(400);
    // An old reading: it says nothing of term 7.
    node.answerNewest(recordOf(5, 'aux'));
    node.answerAddress({ kind: 'node', node: 'aux' });
    node.pass(900);
    expect(node.pending('create-term')).toEqual([]);
    expect(node.pending('read-newest')).toHaveLength(1);
    node.answerNewest(recordOf(7, 'aux'));
    expect(node.pending('create-term')[0]?.record).toMatchObject({ term: 8, members: ['main', 'aux'] });
  });
});

describe('a node that joins', () => {
  test('is taken in by the leader that hears it and whose file names it, and bound by a lease', () => {
    const node = leaderThatKnows(['main', 'aux']);
    node.passGranted('aux', 1_500);
    node.hear('third', { eligible: false });
    expect(node.pending('create-term')[0]?.record).toMatchObject({
      reason: 'members',
      members: THREE,
      leases: { third: 3_000 },
    });
  });

  test('limits authority from the moment that its term is sent: it may stand', () => {
    const node = leaderThatKnows(['main', 'aux']);
    node.passGranted('aux', 1_500);
    node.hear('third', {});
    node.fail('create-term');
    node.passGranted('aux', 2_900);
    expect(hasAuthority(node.state, 'web', node.at)).toBe(true);
    node.passGranted('aux', 150);
    expect(hasAuthority(node.state, 'web', node.at)).toBe(false);
  });

  test('is not taken in while it is in standby, nor by a leader whose file does not name it', () => {
    const drained = leaderThatKnows(['main', 'aux']);
    drained.passGranted('aux', 1_500);
    drained.hear('third', {}, { drained: true });
    expect(drained.pending('create-term')).toEqual([]);
    const stranger = leaderThatKnows(['main', 'aux'], ['main', 'aux']);
    stranger.passGranted('aux', 1_500);
    stranger.hear('third', {});
    expect(stranger.pending('create-term')).toEqual([]);
  });

  test('is talked to from the reload that names it', () => {
    const node = leaderOf(6);
    node.passGranted('aux', 1_500);
    expect(node.sent.some(({ to }) => to === 'third')).toBe(false);
    node.reload({ nodes: THREE }, THREE);
    expect(node.sent.at(-1)?.to).toBe('third');
    node.hear('third', {});
    expect(node.pending('create-term')[0]?.record.members).toEqual(THREE);
  });
});

describe('forget', () => {
  test('is done when the term without the node is won, and costs nothing from then on', () => {
    const node = leaderThatKnows(THREE);
    node.passGranted('aux', 500);
    forget(node, 'third');
    expect(node.pending('create-term')[0]?.record).toMatchObject({
      reason: 'members',
      members: ['main', 'aux'],
    });
    expect(node.answers).toEqual([]);
    node.answer('create-term', { type: 'term-created' });
    expect(lastAnswer(node)).toEqual({ status: 'done', reason: '' });
    node.passGranted('aux', 30_000);
    expect(node.pending('create-term')).toEqual([]);
    expect(hasAuthority(node.state, 'web', node.at)).toBe(true);
  });

  test('leaves a node alone the whole authority when the other one is forgotten', () => {
    const node = leaderOf(6);
    forget(node, 'aux');
    node.answer('create-term', { type: 'term-created' });
    node.pass(3_600_000);
    expect(hasAuthority(node.state, 'web', node.at)).toBe(true);
  });

  test.each([
    ['a node that is heard', 'aux', /^aux is heard: stop eipkeeper there/],
    ['itself', 'main', /^main does not forget itself/],
    ['nobody', 'fourth', /^there is no node fourth: there are main, aux, third$/],
  ])('refuses %s', (_what, name, reason) => {
    const node = leaderThatKnows(THREE);
    node.passGranted('aux', 500);
    forget(node, name);
    expect(lastAnswer(node)).toMatchObject({ status: 'refused', reason: expect.stringMatching(reason) });
    expect(node.pending('create-term')).toEqual([]);
  });

  test('takes a node in standby, although it is heard, and does not take it in again', () => {
    const node = leaderThatKnows(THREE);
    node.passGranted('aux', 500);
    const drained = () => node.hear('third', {}, { drained: true, beat: 9 });
    drained();
    forget(node, 'third');
    node.answer('create-term', { type: 'term-created' });
    drained();
    expect(lastAnswer(node)?.status).toBe('done');
    expect(node.pending('create-term')).toEqual([]);
  });

  test('refuses the leader, and says who leads', () => {
    const node = standbyOf(5, { nodes: THREE });
    forget(node, 'third');
    expect(lastAnswer(node)).toMatchObject({ reason: 'only a leader can: aux leads web' });
    forget(node, 'aux');
    expect(lastAnswer(node)).toMatchObject({ reason: 'aux is the leader of web: move the group first' });
  });

  test('is answered when somebody else leads before it is written down', () => {
    const node = leaderThatKnows(THREE);
    node.passGranted('aux', 500);
    forget(node, 'third');
    node.answer('create-term', { type: 'term-exists' });
    node.pass(1);
    node.answer('read-term', { type: 'term-record', record: recordOf(7, 'aux') });
    expect(lastAnswer(node)).toMatchObject({
      status: 'refused',
      reason: 'another node leads web now: type it there',
    });
  });

  test('times out while the witness is silent, and is given up then', () => {
    const node = leaderThatKnows(THREE);
    node.passGranted('aux', 500);
    forget(node, 'third');
    node.passGranted('aux', 10_100);
    expect(lastAnswer(node)).toMatchObject({ status: 'timeout' });
  });
});

test('a force puts a node that is outside back into the set of an address group, and of no exclusive one', () => {
  for (const kind of ['address', 'exclusive'] as const) {
    const node = standbyOf(5, { group: { kind } });
    node.pass(400);
    node.answerNewest(recordOf(5, 'aux', 'aux-1', { members: ['aux', 'third'] }));
    node.answerAddress({ kind: 'node', node: 'aux' });
    const force = { group: 'web', target: 'main', kind: 'force', by: 'me', timeoutMs: 9_000 } as const;
    node.command({ type: 'move', id: 'force-1', ...force });
    const records = node.pending('create-term').map(({ record }) => record.members);
    expect(records).toEqual(kind === 'address' ? [['aux', 'third', 'main']] : []);
  }
});
