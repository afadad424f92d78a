import { describe, expect, test } from 'vitest';
import type { AfarRequest, RequestReading } from '../../../src/core/afar-state.ts';
import type { GroupConfig, Incarnation, Term } from '../../../src/core/types.ts';
import { leaderOf, type OneNode, recordOf, standbyOf } from '../../support/one-node.ts';

const ID = '00000000000000a1';
const AT_AUX = { kind: 'node', node: 'aux' } as const;

const asked = (rest: Partial<AfarRequest> = {}): RequestReading => ({
  status: 'pending',
  request: {
    id: ID,
    group: 'web',
    kind: 'force',
    target: 'main',
    by: 'arn:somebody',
    leftMs: 30_000,
    ...rest,
  },
});

/** main, a standby that has not heard aux for a while and whose reads show term 5 and `request`. */
function cutOff(request: RequestReading, group: Partial<GroupConfig> = {}): OneNode {
  const node = standbyOf(5, { group });
  // aux defends: main stays bound, and would wait for ever.
  const leases = { main: 60_000 };
  show(node, request, recordOf(5, 'aux', 'aux-1', { leases }));
  node.auto.set('describe-address', () => ({
    type: 'address-reading',
    holder: AT_AUX,
    associationId: 'assoc-1',
  }));
  node.group.newest!.leaseMs = 60_000;
  return node;
}

function show(node: OneNode, request: RequestReading, record = recordOf(6, 'main', 'me-1')): void {
  node.auto.set('read-newest', () => ({ type: 'newest-term', record, request }));
  while (node.pending('read-newest').length > 0) {
    node.answer('read-newest', { type: 'newest-term', record, request });
  }
}

/** main leads term 6 of two nodes and sees `request` at its next look. */
function leading(request: RequestReading, group: Partial<GroupConfig> = {}): OneNode {
  const node = leaderOf(6, { group });
  show(node, { status: 'none' });
  node.passGranted('aux', 2_000);
  node.auto.set('close-request', () => ({ type: 'request-closed' }));
  node.auto.delete('close-request');
  show(node, request);
  node.passGranted('aux', 12_500);
  return node;
}

describe('a forced failover asked from afar (rule 11)', () => {
  test('is carried out by its target, at once, in the name of who asked', () => {
    const node = cutOff(asked());
    node.pass(2_500);
    expect(node.pending('create-term')[0]?.record).toMatchObject({
      term: 6,
      reason: 'forced',
      requestId: ID,
      requestedBy: 'arn:somebody',
      carriedOut: [ID],
    });
  });

  test.each([
    ['is for another node', asked({ target: 'aux' })],
    ['is a switchover, which is the leader’s', asked({ kind: 'switchover' })],
    ['is over', asked({ leftMs: 0 })],
    ['was withdrawn', { status: 'none' } as const],
    ['makes no sense', { status: 'nonsense', reason: 'it is not JSON' } as const],
    ['names a group that is not there', asked({ group: 'mail' })],
    ['names a node that is not there', asked({ target: 'nobody' })],
  ])('changes nothing when it %s', (_, request) => {
    const node = cutOff(request);
    node.pass(10_000);
    expect(node.pending('create-term')).toHaveLength(0);
    expect(node.group.force).toBeNull();
  });

  test('happens once: the records name what was carried out, over takeovers as well', () => {
    const node = cutOff(asked());
    show(node, asked(), recordOf(7, 'aux', 'aux-1', { leases: { main: 60_000 }, carriedOut: [ID] }));
    node.pass(10_000);
    expect(node.pending('create-term')).toHaveLength(0);
  });

  test('waits until the newest record was read: it may have carried it out', () => {
    const node = cutOff(asked());
    // Term 6 is only heard of, and reads still show term 5.
    node.hear('aux', {
      role: 'standby',
      term: 6 as Term,
      owner: 'main',
      ownerIncarnation: 'me-0' as Incarnation,
    });
    node.pass(900);
    expect(node.group.newest).toMatchObject({ term: 6, recordRead: false });
    expect(node.group.force).toBeNull();
  });

  test('ends with its life, counted from before it was read and on the slower clock', () => {
    const node = cutOff(asked({ leftMs: 4_000 }));
    node.auto.set('create-term', () => ({ type: 'failed', failure: 'throttled', reason: 'throttled' }));
    node.pass(3_000);
    expect(node.group.force).not.toBeNull();
    node.auto.delete('read-newest');
    node.calls.splice(0);
    // The last reading was a moment ago: by a slow clock that waits 1 % of it less.
    node.pass(3_000);
    expect(node.group.force).not.toBeNull();
    node.pass(960);
    expect(node.group.force).toBeNull();
  });

  test('is dropped when it was withdrawn', () => {
    const node = cutOff(asked());
    node.auto.set('create-term', () => ({ type: 'failed', failure: 'throttled', reason: 'throttled' }));
    node.pass(3_000);
    expect(node.group.force).not.toBeNull();
    show(node, { status: 'none' }, recordOf(5, 'aux', 'aux-1', { leases: { main: 60_000 } }));
    node.pass(3_000);
    expect(node.group.force).toBeNull();
  });

  test('is refused by a target that could not lead, which writes why beside it', () => {
    const node = cutOff(asked());
    node.group.ineligible = 'nginx -t failed';
    node.pass(2_500);
    expect(node.pending('create-term')).toHaveLength(0);
    expect(node.pending('close-request')[0]).toMatchObject({
      requestId: ID,
      verdict: { status: 'refused', reason: 'nginx -t failed', by: 'main' },
    });
  });

  test('in an exclusive group waits for everything that a claim waits for', () => {
    const node = cutOff(asked(), { kind: 'exclusive', standbyServices: 'stopped' });
    node.pass(10_000);
    expect(node.group.force).not.toBeNull();
    expect(node.pending('create-term')).toHaveLength(0);
  });

  test('is repeated by a leader that hears its target, and looked for there at once', () => {
    const node = leading(asked({ target: 'aux' }));
    expect(node.lastReport.request).toMatchObject({ id: ID, kind: 'force', target: 'aux', afar: true });
    const target = standbyOf(5);
    const request = { id: ID, kind: 'force', target: 'main', by: 'arn:somebody', afar: true } as const;
    target.hearLeader('aux', 5, { request });
    expect(target.pending('create-term')).toHaveLength(0);
    expect(target.pending('read-newest')).toHaveLength(1);
    target.answer('read-newest', { type: 'newest-term', record: recordOf(5, 'aux'), request: asked() });
    expect(target.pending('create-term')[0]?.record).toMatchObject({ reason: 'forced', requestId: ID });
  });

  test('in an exclusive group is refused by a leader that does not hear the target', () => {
    const node = leaderOf(6);
    show(node, asked({ target: 'aux' }));
    node.group.config = { ...node.group.config, kind: 'exclusive' };
    node.auto.set('create-term', () => ({ type: 'term-created' }));
    node.pass(13_000);
    expect(node.pending('close-request')[0]?.verdict).toMatchObject({
      status: 'refused',
      reason: 'main leads web and does not hear aux',
    });
  });
});

describe('a switchover asked from afar', () => {
  test('is begun by the leader', () => {
    const node = leading(asked({ kind: 'switchover', target: 'aux' }));
    expect(node.lastReport).toMatchObject({ prepare: 'aux', request: { id: ID, afar: true } });
  });

  test('that was withdrawn meanwhile is abandoned before anything is yielded', () => {
    const node = leading(asked({ kind: 'switchover', target: 'aux' }));
    show(node, { status: 'none' });
    node.passGranted('aux', 12_500);
    expect(node.lastReport).toMatchObject({ prepare: '', yieldTo: '' });
    expect(node.notes.some((note) => note.type === 'handover-abandoned')).toBe(true);
  });

  test('to a node that could not lead is refused, and the reason is written beside it', () => {
    const node = leading(asked({ kind: 'switchover', target: 'aux', leftMs: 60_000 }));
    node.hear('aux', {
      term: 6 as Term,
      owner: 'main',
      ownerIncarnation: 'me-1' as Incarnation,
      eligible: false,
    });
    node.pass(100);
    expect(node.pending('close-request')[0]?.verdict).toMatchObject({ status: 'refused' });
  });

  test('to the node that leads and serves is done already', () => {
    const node = leading(asked({ kind: 'switchover', target: 'main' }));
    expect(node.pending('close-request')[0]?.verdict).toEqual({ status: 'done', reason: '', by: 'main' });
    node.answer('close-request', { type: 'request-closed' });
    expect(node.notes.at(-1)).toMatchObject({ type: 'request-answered', status: 'done' });
  });

  test('is not taken up by a target that does not find it in the witness', () => {
    const node = standbyOf(5);
    const request = { id: ID, kind: 'switchover', target: 'main', by: 'x', afar: true } as const;
    const yields = { role: 'yielding', yieldTo: 'main', yieldToIncarnation: node.state.incarnation } as const;
    node.hearLeader('aux', 5, { prepare: 'main', handover: 1, request });
    node.answer('read-newest', {
      type: 'newest-term',
      record: recordOf(5, 'aux'),
      request: { status: 'none' },
    });
    node.hearLeader('aux', 5, { prepare: 'main', handover: 1, request, ...yields });
    node.pass(100);
    expect(node.pending('create-term')).toHaveLength(0);
  });
});

describe('what is no request', () => {
  test('is ignored, with one line', () => {
    const node = leading({ status: 'nonsense', reason: 'it is not JSON' });
    node.passGranted('aux', 40_000);
    expect(node.notes.filter((note) => note.type === 'request-ignored')).toEqual([
      { type: 'request-ignored', reason: 'it is not JSON' },
    ]);
  });
});
