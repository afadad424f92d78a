import { describe, expect, test } from 'vitest';
import type { Command } from '../../../src/core/events.ts';
import type { GroupReport, MoveRequest } from '../../../src/core/message.ts';
import type { Incarnation, Term } from '../../../src/core/types.ts';
import { GROUP, leaderOf, OneNode, recordOf, standbyOf } from '../../support/one-node.ts';

const move = (rest: Partial<Extract<Command, { type: 'move' }>> = {}): Command => ({
  type: 'move',
  id: 'a1',
  group: 'web',
  target: 'aux',
  kind: 'switchover',
  by: 'uid 0 on main',
  timeoutMs: 5_000,
  ...rest,
});

const THREE = { nodes: ['main', 'aux', 'third'] };

/** main leads term 6 of two or three nodes, granted by all of them. */
function settled(options: Parameters<typeof leaderOf>[1] = {}): OneNode {
  const node = leaderOf(6, options);
  node.auto.set('read-newest', () => ({ type: 'newest-term', record: recordOf(6, 'main', 'me-1') }));
  passGranted(node, 2_000);
  return node;
}

function passGranted(node: OneNode, ms: number): void {
  for (let left = ms; left > 0; left -= 50) {
    node.pass(50);
    for (const peer of node.state.peers.keys()) node.grant(peer);
  }
}

/** A standby of main's term 6 says something more. */
function hearStandby(node: OneNode, from: string, rest: Partial<GroupReport>): void {
  node.hear(from, { term: 6 as Term, owner: 'main', ownerIncarnation: 'me-1' as Incarnation, ...rest });
}

const request = (rest: Partial<MoveRequest> = {}): MoveRequest => ({
  id: 'r1',
  kind: 'switchover',
  target: 'aux',
  by: 'uid 0 on aux',
  afar: false,
  ...rest,
});

describe('a switchover asked on the leader', () => {
  test('to the node that leads and serves already is done at once', () => {
    const node = settled();
    node.command(move({ target: 'main' }));
    expect(node.answers).toMatchObject([{ id: 'a1', outcome: { status: 'done' } }]);
  });

  test('of a group or to a node that is not configured is refused with the names that are', () => {
    const node = settled();
    node.command(move({ group: 'mail' }));
    node.command(move({ id: 'a2', target: 'nobody' }));
    expect(node.answers[0]?.outcome).toMatchObject({ status: 'refused', reason: 'there is no group mail' });
    expect(node.answers[1]?.outcome.reason).toContain('main, aux');
  });

  test('is answered once, when its time is over at the latest', () => {
    const node = settled();
    node.command(move());
    passGranted(node, 6_000);
    expect(node.answers).toMatchObject([{ id: 'a1', outcome: { status: 'timeout' } }]);
    expect(node.state.commands).toHaveLength(0);
  });

  test('is refused while another one is under way', () => {
    const node = settled(THREE);
    node.command(move());
    node.command(move({ id: 'a2', target: 'third' }));
    expect(node.answers).toMatchObject([{ id: 'a2', outcome: { status: 'refused', code: 'busy' } }]);
  });
});

describe('a switchover asked on another node', () => {
  test('is carried out by the leader, in the name of who asked', () => {
    const node = settled(THREE);
    hearStandby(node, 'third', { request: request() });
    expect(node.lastReport).toMatchObject({ prepare: 'aux', request: { id: 'r1', by: 'uid 0 on aux' } });
  });

  test('is refused by the leader in its heartbeats', () => {
    const node = settled(THREE);
    hearStandby(node, 'aux', { eligible: false, request: request() });
    node.pass(100);
    expect(node.lastReport.answer).toMatchObject({ id: 'r1', refusal: expect.stringContaining('aux') });
    expect(node.lastReport.prepare).toBe('');
  });

  test('while another is under way is refused for now, and who asked hears so', () => {
    const node = settled(THREE);
    hearStandby(node, 'third', { request: request() });
    hearStandby(node, 'aux', { request: request({ id: 'r2', target: 'third' }) });
    node.pass(100);
    expect(node.lastReport.answer).toMatchObject({ id: 'r2', code: 'busy' });

    const asking = standbyOf(5);
    asking.command(move({ target: 'main' }));
    asking.hearLeader('aux', 5, { answer: { id: 'a1', refusal: 'later', code: 'busy' } });
    expect(asking.answers[0]?.outcome).toEqual({ status: 'refused', reason: 'later', code: 'busy' });
  });

  test('that a node asked before it fell silent is not carried out later', () => {
    const node = settled(THREE);
    hearStandby(node, 'third', { eligible: false });
    hearStandby(node, 'aux', { request: request({ target: 'third' }) });
    node.pass(100);
    expect(node.lastReport.answer?.id).toBe('r1');
    node.auto.set('create-term', () => ({ type: 'term-created' }));
    for (let left = 3_000; left > 0; left -= 50) {
      node.pass(50);
      node.grant('third');
    }
    // Another answer takes the place of the first, of which only the dead node's last words still speak.
    hearStandby(node, 'third', { request: request({ id: 'r2', target: 'aux' }) });
    node.pass(100);
    expect(node.lastReport.answer?.id).toBe('r2');
    node.grant('third');
    expect(node.lastReport).toMatchObject({ prepare: '', answer: { id: 'r2' } });
  });

  test('is told to the leader, and its refusal to who asked', () => {
    const node = standbyOf(5);
    node.command(move({ target: 'main' }));
    expect(node.lastReport.request).toMatchObject({ id: 'a1', kind: 'switchover', target: 'main' });
    node.hearLeader('aux', 5, {
      answer: { id: 'a1', refusal: 'the witness does not answer', code: 'unsafe' },
    });
    expect(node.answers).toMatchObject([
      { id: 'a1', outcome: { status: 'refused', reason: 'the witness does not answer' } },
    ]);
    expect(node.lastReport.request).toMatchObject({ id: 'a1' });
    node.pass(200);
    expect(node.lastReport.request).toBeNull();
  });

  test('is refused when no leader is heard that could hand over', () => {
    const node = standbyOf(5);
    node.pass(1_010);
    node.command(move({ target: 'main' }));
    expect(node.answers[0]?.outcome).toMatchObject({ status: 'refused' });
    expect(node.answers[0]?.outcome.reason).toContain('--force');
  });

  test('to a leader that was heard a while ago and may be dead is not done', () => {
    const node = standbyOf(5);
    node.pass(900);
    node.command(move({ target: 'aux' }));
    expect(node.answers).toHaveLength(0);
    node.hearLeader('aux', 5);
    expect(node.answers).toMatchObject([{ outcome: { status: 'done' } }]);
  });
});

describe('a forced failover (rule 11)', () => {
  test('asked on its target creates the next term at once, after a read', () => {
    const node = standbyOf(5);
    node.pass(1);
    node.command(move({ target: 'main', kind: 'force' }));
    while (node.pending('read-newest').length > 0) node.answerNewest(recordOf(5, 'aux'));
    expect(node.pending('create-term')[0]?.record).toMatchObject({
      term: 6,
      reason: 'forced',
      requestId: 'a1',
      requestedBy: 'uid 0 on main',
    });
  });

  test('is refused by a target that could not lead, with its reason', () => {
    const node = standbyOf(5);
    node.group.ineligible = 'nginx -t failed';
    node.command(move({ target: 'main', kind: 'force' }));
    expect(node.answers).toMatchObject([{ outcome: { status: 'refused', reason: 'nginx -t failed' } }]);
  });

  test('asked on the leader is told to the target', () => {
    const node = settled();
    node.command(move({ kind: 'force' }));
    passGranted(node, 100);
    expect(node.lastReport.request).toMatchObject({ id: 'a1', kind: 'force', target: 'aux' });
  });

  test('asked on another node is carried out once', () => {
    const node = standbyOf(5);
    node.pass(1);
    const asked = request({ kind: 'force', target: 'main' });
    node.hearLeader('aux', 5, { request: asked });
    node.pass(1);
    while (node.pending('read-newest').length > 0) node.answerNewest(recordOf(5, 'aux'));
    node.answer('create-term', { type: 'term-created' });
    expect(node.role).toBe('leading');
    node.hearLeader('aux', 7, { request: asked });
    node.pass(100);
    expect(node.role).toBe('standby');
    expect(node.pending('create-term')).toHaveLength(0);
    expect(node.group.force).toBeNull();
  });

  test('is given up when it was withdrawn where it was asked', () => {
    const node = standbyOf(5);
    node.hearLeader('aux', 5, { request: request({ kind: 'force', target: 'main' }) });
    expect(node.group.force).not.toBeNull();
    node.hearLeader('aux', 5);
    expect(node.group.force).toBeNull();
  });

  test('is taken up again when it was only a late message that did not speak of it', () => {
    const node = standbyOf(5);
    // The last read is too old to act upon, so that the force has to wait for another.
    for (let left = 1_200; left > 0; left -= 50) {
      node.pass(50);
      node.hearLeader('aux', 5);
    }
    const asked = { request: request({ kind: 'force', target: 'main' }) } as const;
    node.hearLeader('aux', 5, asked);
    node.hearLeader('aux', 5);
    node.hearLeader('aux', 5, asked);
    expect(node.group.force?.id).toBe('r1');
  });

  test('to a node that is silent changes nothing and says who did not answer', () => {
    const node = standbyOf(5, THREE);
    node.command(move({ target: 'third', kind: 'force' }));
    for (let left = 6_000; left > 0; left -= 50) {
      node.pass(50);
      node.hearLeader('aux', 5);
    }
    expect(node.answers).toMatchObject([
      { outcome: { status: 'timeout', reason: 'third did not answer; nothing was changed' } },
    ]);
    expect(node.lastReport.request).toBeNull();
  });

  test('of an exclusive group waits for everything that a claim waits for', () => {
    const node = standbyOf(5, { group: { kind: 'exclusive' } });
    node.auto.set('read-newest', () => ({ type: 'newest-term', record: recordOf(5, 'aux') }));
    node.command(move({ target: 'main', kind: 'force', timeoutMs: 3_000 }));
    for (let left = 3_500; left > 0; left -= 50) {
      node.pass(50);
      node.hearLeader('aux', 5);
    }
    expect(node.pending('create-term')).toHaveLength(0);
    expect(node.answers).toMatchObject([{ outcome: { status: 'timeout' } }]);
  });
});

/** As after some that were given up: an automatic one would wait for ten minutes. */
function handoverFailed(node: OneNode): void {
  node.group.failedHandovers.set('aux', { lastMs: node.nowMs, failures: 5 });
}

describe('draining a node', () => {
  test('is answered, told to the peers, and hands over what it leads', () => {
    const node = settled();
    node.command({ type: 'set-drained', id: 'd1', drained: true, by: 'uid 0 on main' });
    expect(node.answers).toMatchObject([{ id: 'd1', outcome: { status: 'done' } }]);
    passGranted(node, 50);
    expect(node.sent.at(-1)?.message.drained).toBe(true);
    expect(node.lastReport).toMatchObject({ prepare: 'aux', eligible: false });
  });

  test('is not held up by a handover that failed before', () => {
    const node = settled();
    handoverFailed(node);
    node.command({ type: 'set-drained', id: 'd1', drained: true, by: 'uid 0 on main' });
    passGranted(node, 50);
    expect(node.lastReport.prepare).toBe('aux');
  });

  test('a second time forgets no handover that failed meanwhile', () => {
    const node = settled();
    node.command({ type: 'set-drained', id: 'd1', drained: true, by: 'uid 0 on main' });
    handoverFailed(node);
    node.command({ type: 'set-drained', id: 'd2', drained: true, by: 'uid 0 on main' });
    expect(node.group.failedHandovers.get('aux')?.failures).toBe(5);
  });

  test('and bringing it back are written down also where nothing changes: the file may say otherwise', () => {
    const node = settled();
    const before = node.persisted.length;
    node.command({ type: 'set-drained', id: 'd1', drained: false, by: 'uid 0 on main' });
    expect(node.persisted.slice(before)).toMatchObject([{ drained: false }]);
  });
});

describe('stopping the daemon', () => {
  test('hands over first when another node could lead', () => {
    const node = settled();
    node.command({ type: 'stop', mode: 'leave' });
    passGranted(node, 3_000);
    expect(node.lastReport.prepare).toBe('aux');
    expect(node.exits).toHaveLength(0);
  });

  test('is not held up by a handover that failed before, and tries again soon after one that fails now', () => {
    const node = settled();
    handoverFailed(node);
    node.command({ type: 'stop', mode: 'leave' });
    passGranted(node, 50);
    expect(node.lastReport.prepare).toBe('aux');
    passGranted(node, 30_100);
    expect(node.lastReport.prepare).toBe('');
    passGranted(node, 5_100);
    expect(node.lastReport.prepare).toBe('aux');
  });

  test('leaves service and address where they are when nobody could take over', () => {
    const node = settled();
    node.auto.set('create-term', () => ({ type: 'term-created' }));
    hearStandby(node, 'aux', { eligible: false });
    node.command({ type: 'stop', mode: 'leave' });
    node.pass(1_200);
    expect(node.exits).toMatchObject([{ code: 0, reason: expect.stringContaining('stay here') }]);
    expect(node.pending('stop-services')).toHaveLength(0);
  });

  test('for a planned restart asks the peers to wait and exits when they have answered', () => {
    const node = settled();
    node.command({ type: 'stop', mode: 'hold' });
    expect(node.lastReport.holdMs).toBe(15_000);
    expect(node.exits).toHaveLength(0);
    node.grant('aux');
    expect(node.exits).toHaveLength(1);
  });

  test('for a planned restart does not leave for an exclusive group of other nodes', () => {
    const db = { ...GROUP, name: 'db', kind: 'exclusive', nodes: ['aux', 'third'] } as const;
    const node = new OneNode({
      nodes: ['main', 'aux', 'third'],
      moreGroups: [db],
      group: { nodes: ['main', 'aux'] },
    });
    node.command({ type: 'stop', mode: 'hold' });
    node.pass(600);
    expect(node.exits).toMatchObject([{ reason: expect.stringContaining('planned restart') }]);
  });

  test('never takes the hold back with its last heartbeat', () => {
    const node = settled();
    node.command({ type: 'stop', mode: 'hold' });
    node.pass(600);
    expect(node.exits).toHaveLength(1);
    expect(node.lastReport.holdMs).toBe(15_000);
  });
});
