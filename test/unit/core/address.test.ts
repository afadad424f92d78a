import { describe, expect, test } from 'vitest';
import { leaderOf, OneNode, recordOf, standbyOf } from '../../support/one-node.ts';

const AUX = { kind: 'node', node: 'aux' } as const;
const MAIN = { kind: 'node', node: 'main' } as const;

/** A leader with the address, granted, its looks answered by the test. */
function settled() {
  const node = leaderOf(6);
  node.auto.set('read-newest', () => ({ type: 'newest-term', record: recordOf(6, 'main', 'me-1') }));
  node.passGranted('aux', 500);
  return node;
}

/** A node that has just won term 6 after aux fell silent, its move of the address under way. */
function claimed(): OneNode {
  const node = standbyOf(5);
  node.pass(400);
  node.answerNewest(recordOf(5, 'aux'));
  node.answerAddress(AUX);
  node.pass(700);
  node.answer('create-term', { type: 'term-created' });
  return node;
}

/** Lets `ms` pass in which EC2 shows the address here, and then until it is asked once more. */
function passUntilLookedAfter(node: OneNode, ms: number): void {
  node.auto.set('describe-address', () => ({
    type: 'address-reading',
    holder: MAIN,
    associationId: 'assoc-own',
  }));
  node.passGranted('aux', ms);
  node.auto.delete('describe-address');
  node.calls.splice(0);
  node.group.address.readingId = null;
  while (node.pending('describe-address').length === 0) node.passGranted('aux', 50);
  node.pass(1);
}

describe('the address (rule 12)', () => {
  test('a move is sent at once after winning, behind no reading', () => {
    const node = claimed();
    expect(node.pending('take-address')).toHaveLength(1);
  });

  test('a reading that shows an association which the own move ended is stale', () => {
    const node = settled();
    node.passGranted('aux', 1_500);
    node.answerAddress(AUX, 'assoc-1');
    node.passGranted('aux', 100);
    expect(node.pending('take-address')).toHaveLength(0);
    expect(node.group.address.holder).toEqual(MAIN);
  });

  test('a reading begun within 2.5 s of the own move proves nothing else: EC2 may show the past', () => {
    const node = settled();
    node.passGranted('aux', 1_500);
    node.answerAddress(AUX, 'assoc-never-read-before');
    node.passGranted('aux', 100);
    expect(node.pending('take-address')).toHaveLength(0);
  });

  test('one moved away by hand is restored, after a read of the newest term', () => {
    const node = settled();
    node.passGranted('aux', 1_500);
    node.answerAddress(MAIN, 'assoc-own');
    node.passGranted('aux', 1_000);
    node.answerAddress(MAIN, 'assoc-own');
    node.passGranted('aux', 1_500);
    node.auto.delete('read-newest');
    node.answerAddress(AUX, 'assoc-by-hand');
    expect(node.pending('take-address')).toHaveLength(0);
    node.answerNewest(recordOf(6, 'main', 'me-1'));
    expect(node.pending('take-address')).toHaveLength(1);
    expect(node.notes.at(-1)).toEqual({ type: 'address-elsewhere', group: 'web', holder: 'aux' });
  });

  test('is not restored by a leader that learns of its successor in that read', () => {
    const node = settled();
    node.passGranted('aux', 1_500);
    node.answerAddress(MAIN, 'assoc-own');
    node.passGranted('aux', 1_000);
    node.answerAddress(MAIN, 'assoc-own');
    node.passGranted('aux', 1_500);
    node.auto.delete('read-newest');
    node.answerAddress(AUX, 'assoc-new');
    node.answerNewest(recordOf(7, 'aux'));
    expect(node.pending('take-address')).toHaveLength(0);
    expect(node.role).toBe('standby');
  });

  test('a move that timed out is looked up again before a second one', () => {
    const node = claimed();
    node.fail('take-address', 'unknown');
    node.passGranted('aux', 300);
    expect(node.pending('take-address')).toHaveLength(0);
    while (node.pending('describe-address').length > 0) node.answerAddress(MAIN, 'assoc-applied');
    node.passGranted('aux', 2_000);
    expect(node.pending('take-address')).toHaveLength(0);
    expect(node.notes.some((note) => note.type === 'serving')).toBe(true);
  });

  test('a move that timed out is not told of by a reading that was begun before, be it in the same millisecond', () => {
    const node = claimed();
    while (node.pending('describe-address').length > 0) node.answerAddress(AUX);
    node.group.address.nextLookMs = node.nowMs;
    node.grant('aux');
    const [before] = node.pending('describe-address');
    node.fail('take-address', 'unknown');
    const after = node.pending('describe-address').find(({ id }) => id !== before?.id);
    expect(before).toBeDefined();
    expect(after).toBeDefined();
    node.answerAddress(MAIN, 'assoc-applied');
    expect(node.group.address.move).not.toBeNull();
    node.answerAddress(MAIN, 'assoc-applied');
    expect(node.group.address.move).toBeNull();
  });

  test.each([
    ['not-sent', 250],
    ['throttled', 1_000],
  ] as const)('a move that failed (%s) is sent again after %i ms, then ever later', (failure, firstMs) => {
    const node = claimed();
    for (const waitMs of [firstMs, 2 * firstMs, 4 * firstMs, 8 * firstMs]) {
      const failedMs = node.nowMs;
      node.fail('take-address', failure);
      while (node.pending('take-address').length === 0) node.passGranted('aux', 10);
      const expectedMs = Math.min(waitMs, 2_000);
      expect(node.nowMs - failedMs).toBeGreaterThanOrEqual(expectedMs * 0.8);
      expect(node.nowMs - failedMs).toBeLessThanOrEqual(expectedMs * 1.2 + 10);
    }
  });

  test('an error is not a reading: a leader whose EC2 fails keeps serving and says so', () => {
    const node = settled();
    node.passGranted('aux', 1_500);
    node.fail('describe-address', 'throttled');
    node.passGranted('aux', 500);
    expect(node.role).toBe('leading');
    expect(node.pending('take-address')).toHaveLength(0);
    expect(node.pending('stop-services')).toHaveLength(0);
  });

  test('is not taken from a foreign interface by a takeover', () => {
    const node = standbyOf(5);
    node.pass(400);
    node.answerNewest(recordOf(5, 'aux'));
    node.answerAddress({ kind: 'foreign', networkInterfaceId: 'eni-x' });
    node.pass(700);
    node.answer('create-term', { type: 'term-created' });
    node.passGranted('aux', 500);
    expect(node.pending('take-address')).toHaveLength(0);
  });

  test('one moved by hand onto the predecessor is restored, and the lead does not follow it', () => {
    const node = settled();
    passUntilLookedAfter(node, 30_000);
    node.answerAddress(AUX, 'assoc-by-hand');
    node.passGranted('aux', 100);
    expect(node.lastReport.prepare).toBe('');
    expect(node.pending('take-address')).toHaveLength(1);
  });

  test('a call that was refused does not use up the one time it is restored from a stranger', () => {
    const node = settled();
    passUntilLookedAfter(node, 4_000);
    node.answerAddress({ kind: 'foreign', networkInterfaceId: 'eni-x' }, 'assoc-x');
    expect(node.pending('take-address')).toHaveLength(1);
    node.fail('take-address', 'throttled');
    node.passGranted('aux', 2_000);
    expect(node.pending('take-address')).toHaveLength(1);
  });

  test('a standby does not go on complaining when EC2 answers again', () => {
    const node = standbyOf(5);
    node.pass(400);
    node.fail('describe-address', 'throttled');
    expect(node.group.address.complaint).toContain('throttled');
    node.pass(600);
    node.answerAddress(AUX);
    expect(node.group.address.complaint).toBe('');
  });

  test('a leader without authority sends no change', () => {
    const node = settled();
    node.auto.set('describe-address', () => ({
      type: 'address-reading',
      holder: AUX,
      associationId: 'assoc-x',
    }));
    node.auto.set('create-term', () => ({ type: 'failed', failure: 'not-sent', reason: 'gone' }));
    node.auto.set('read-newest', () => ({ type: 'failed', failure: 'not-sent', reason: 'gone' }));
    node.pass(4_000);
    const before = node.pending('take-address').length;
    node.pass(60_000);
    expect(node.pending('take-address')).toHaveLength(before);
    expect(node.role).toBe('leading');
  });

  test('in an exclusive group it is released before it is taken', () => {
    const node = standbyOf(5, { group: { kind: 'exclusive' } });
    node.auto.set('describe-address', () => ({
      type: 'address-reading',
      holder: AUX,
      associationId: 'assoc-1',
    }));
    node.auto.set('read-newest', () => ({ type: 'newest-term', record: recordOf(5, 'aux') }));
    node.auto.set('create-term', () => ({ type: 'term-created' }));
    node.answer('stop-services', { type: 'services-stopped' });
    node.group.config = {
      ...node.group.config,
      timings: { ...node.group.config.timings, stopTimeoutMs: 500 },
    };
    node.pass(1_500);
    expect(node.pending('release-address')[0]?.associationId).toBe('assoc-1');
    node.answer('release-address', { type: 'address-released' });
    expect(node.pending('take-free-address')).toHaveLength(1);
    expect(node.pending('take-address')).toHaveLength(0);
  });
});

describe('services (rule 14)', () => {
  const STOPPED = { group: { standbyServices: 'stopped' } } as const;

  test('a former leader goes on serving until a reading begun 10 s after its step-down shows the address elsewhere', () => {
    const node = leaderOf(6, STOPPED);
    node.auto.set('describe-address', () => ({
      type: 'address-reading',
      holder: AUX,
      associationId: 'assoc-new',
    }));
    node.passGranted('aux', 500);
    node.hearLeader('aux', 7);
    for (let i = 0; i < 95; i++) {
      node.pass(100);
      node.hearLeader('aux', 7);
    }
    expect(node.pending('stop-services')).toHaveLength(0);
    for (let i = 0; i < 60; i++) {
      node.pass(100);
      node.hearLeader('aux', 7);
    }
    expect(node.pending('stop-services')).toHaveLength(1);
  });

  test('a service under the address is not stopped, whoever leads', () => {
    const node = leaderOf(6, STOPPED);
    node.auto.set('describe-address', () => ({
      type: 'address-reading',
      holder: MAIN,
      associationId: 'assoc-own',
    }));
    node.passGranted('aux', 500);
    for (let i = 0; i < 600; i++) {
      node.hearLeader('aux', 7);
      node.pass(100);
    }
    expect(node.pending('stop-services')).toHaveLength(0);
  });

  test('a check that fails to run is not a failed service', () => {
    const node = leaderOf(6);
    node.auto.set('check-services', () => ({
      type: 'failed',
      failure: 'unknown',
      reason: 'the monitor hung',
    }));
    node.passGranted('aux', 12_000);
    expect(node.group.services.status).toBe('running');
  });

  test('a service that died is started again', () => {
    const node = leaderOf(6);
    node.auto.set('check-services', () => ({ type: 'services-state', running: false }));
    let starts = 0;
    node.auto.set('start-services', () => {
      starts += 1;
      return { type: 'services-started' };
    });
    node.passGranted('aux', 6_000);
    expect(starts).toBeGreaterThan(0);
  });
});

describe('starting (rule 13)', () => {
  test('starts and stops nothing, and claims nothing, before initdead', () => {
    const node = new OneNode({ group: { standbyServices: 'stopped' } });
    node.answerNewest(recordOf(4, 'aux'));
    node.answerAddress(AUX);
    node.auto.set('read-newest', () => ({ type: 'newest-term', record: recordOf(4, 'aux') }));
    node.auto.set('describe-address', () => ({
      type: 'address-reading',
      holder: AUX,
      associationId: 'assoc-1',
    }));
    node.pass(9_900);
    expect(node.calls).toEqual([]);
    node.pass(3_000);
    expect(node.pending('create-term')[0]?.record.term).toBe(5);
  });

  test('goes on at once where it was when the newest term and the address are its own', () => {
    const node = new OneNode();
    expect(node.lastReport.role).toBe('restarting');
    node.answerNewest(recordOf(4, 'main', 'me-0'));
    node.answerAddress(MAIN);
    expect(node.pending('create-term')[0]?.record).toMatchObject({ term: 5, reason: 'adopt' });
  });

  test('does not adopt when the address is elsewhere', () => {
    const node = new OneNode();
    node.answerNewest(recordOf(4, 'main', 'me-0'));
    node.answerAddress(AUX);
    node.pass(100);
    expect(node.pending('create-term')).toHaveLength(0);
    expect(node.lastReport.role).toBe('starting');
  });

  test.each([
    ['that stays', 1_000],
    ['that dies again and again', 5],
  ])('a standby waits for a restarting owner %s, at most initdead', (_, every) => {
    const node = standbyOf(5);
    node.auto.set('read-newest', () => ({ type: 'newest-term', record: recordOf(5, 'aux') }));
    node.auto.set('describe-address', () => ({
      type: 'address-reading',
      holder: AUX,
      associationId: 'assoc-1',
    }));
    node.auto.set('create-term', () => ({ type: 'failed', failure: 'not-sent', reason: 'watched' }));
    let heard = 0;
    const restarting = () =>
      node.hear('aux', { role: 'restarting' }, {}, `aux-${2 + Math.floor(heard++ / every)}`);
    for (let i = 0; i < 98; i++) {
      node.pass(100);
      restarting();
    }
    expect(node.notes.some((note) => note.type === 'witness-down')).toBe(false);
    for (let i = 0; i < 20; i++) {
      node.pass(100);
      restarting();
    }
    expect(node.notes.some((note) => note.type === 'witness-down')).toBe(true);
  });

  test('the peers wait for a planned restart', () => {
    const node = standbyOf(5);
    node.hearLeader('aux', 5, { holdMs: 15_000 });
    node.auto.set('read-newest', () => ({ type: 'newest-term', record: recordOf(5, 'aux') }));
    node.auto.set('describe-address', () => ({
      type: 'address-reading',
      holder: AUX,
      associationId: 'assoc-1',
    }));
    node.pass(14_900);
    expect(node.pending('create-term')).toHaveLength(0);
    node.pass(200);
    expect(node.pending('create-term')).toHaveLength(1);
  });
});

describe('acting (rule 16)', () => {
  /** A standby whose leader is silent and whose witness is down; EC2 says `holder`. */
  function alone(holder: typeof AUX | typeof MAIN | { kind: 'free' }) {
    const node = standbyOf(5);
    for (let i = 0; i < 100; i++) {
      node.pass(100);
      node.hearLeader('aux', 5);
    }
    node.auto.set('read-newest', () => ({ type: 'failed', failure: 'unknown', reason: 'no answer' }));
    if (node.pending('describe-address').length > 0) node.answerAddress(AUX);
    node.auto.set('describe-address', () => ({
      type: 'address-reading',
      holder,
      associationId: holder.kind === 'free' ? '' : 'assoc-1',
    }));
    return node;
  }

  test('nobody acts before initdead, while the witness may only be slow to be reached', () => {
    const node = new OneNode();
    node.fail('read-newest');
    node.auto.set('read-newest', () => ({ type: 'failed', failure: 'unknown', reason: 'no answer' }));
    node.answerAddress({ kind: 'free' });
    node.auto.set('describe-address', () => ({
      type: 'address-reading',
      holder: { kind: 'free' },
      associationId: '',
    }));
    node.hear('aux', { role: 'starting' });
    node.pass(9_900);
    expect(node.role).toBe('standby');
    node.pass(1_000);
    expect(node.role).toBe('acting');
  });

  test('the running node that has the address serves', () => {
    const node = alone(MAIN);
    node.pass(3_000);
    expect(node.role).toBe('acting');
  });

  test('a free address is taken by compare', () => {
    const node = alone({ kind: 'free' });
    node.pass(4_000);
    expect(node.pending('take-free-address')).toHaveLength(1);
    expect(node.pending('take-address')).toHaveLength(0);
  });

  test('an address on a running instance is never taken', () => {
    const node = alone(AUX);
    node.auto.set('describe-instance', () => ({ type: 'instance-condition', condition: 'running' }));
    node.pass(60_000);
    expect(node.role).toBe('standby');
  });

  test('one on a stopped instance is released by its association and then taken', () => {
    const node = alone(AUX);
    node.auto.set('describe-instance', () => ({ type: 'instance-condition', condition: 'stopped' }));
    node.pass(5_000);
    expect(node.pending('release-address')[0]?.associationId).toBe('assoc-1');
    node.answer('release-address', { type: 'address-released' });
    expect(node.pending('take-free-address')).toHaveLength(1);
  });

  test('its first act when the witness is back is the term', () => {
    const node = alone(MAIN);
    node.pass(3_000);
    node.auto.set('read-newest', () => ({ type: 'newest-term', record: recordOf(5, 'aux') }));
    node.pass(4_000);
    expect(node.pending('create-term')[0]?.record).toMatchObject({ term: 6, reason: 'acting' });
  });
});
