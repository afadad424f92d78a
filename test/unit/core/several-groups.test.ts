import { describe, expect, test } from 'vitest';
import { hasAuthority } from '../../../src/core/authority.ts';
import type { CallEffect } from '../../../src/core/effects.ts';
import type { CallResult } from '../../../src/core/events.ts';
import type { GroupReport } from '../../../src/core/message.ts';
import type { Incarnation, Term } from '../../../src/core/types.ts';
import { GROUP, OneNode, recordOf } from '../../support/one-node.ts';

const GROUPS = ['web', 'mail'] as const;

/** aux leads term 5 of both groups, as long as it is heard. */
function standbyOfBoth(): OneNode {
  const node = new OneNode({ moreGroups: [{ ...GROUP, name: 'mail' }] });
  for (const group of GROUPS) hearLeads(node, group);
  settleReads(node);
  return node;
}

const reportOf = (node: OneNode, group: string): GroupReport =>
  node.sent.at(-1)!.message.reports.find((report) => report.group === group)!;

function hearLeads(node: OneNode, group: string): void {
  node.hearLeader('aux', 5, { group });
}

const pendingOf = (node: OneNode, group: string, type: CallEffect['type']): CallEffect[] =>
  node.pending(type).filter((call) => call.group === group);

/** Answers every waiting read, each for the group that asked. */
function settleReads(node: OneNode): void {
  for (let call = nextRead(node); call !== undefined; call = nextRead(node)) {
    const result: CallResult =
      call.type === 'read-newest'
        ? { type: 'newest-term', record: { ...recordOf(5, 'aux'), group: call.group } }
        : {
            type: 'address-reading',
            holder: { kind: 'node', node: 'aux' },
            associationId: `assoc-${call.group}`,
          };
    node.answer(call.type, result);
  }
}

const nextRead = (node: OneNode) =>
  node.calls.find((call) => call.type === 'read-newest' || call.type === 'describe-address');

describe('two groups in one node', () => {
  test('every message speaks of both', () => {
    const node = standbyOfBoth();
    node.pass(200);
    expect(node.sent.at(-1)?.message.reports.map(({ group }) => group)).toEqual(['web', 'mail']);
  });

  test('a leader that lost one of them keeps the other: only that one is claimed', () => {
    const node = standbyOfBoth();
    // aux still says that it leads mail and says nothing of web any more.
    for (let left = 2_000; left > 0; left -= 50) {
      node.pass(50);
      hearLeads(node, 'mail');
      settleReads(node);
    }
    expect(pendingOf(node, 'web', 'create-term')).toHaveLength(1);
    expect(pendingOf(node, 'mail', 'create-term')).toHaveLength(0);
  });

  test('a grant for one is no authority over the other', () => {
    const node = standbyOfBoth();
    for (let left = 1_500; left > 0; left -= 50) {
      node.pass(50);
      settleReads(node);
    }
    expect(node.pending('create-term')).toHaveLength(2);
    for (const group of GROUPS) {
      expect(node.pending('create-term')[0]?.group).toBe(group);
      node.answer('create-term', { type: 'term-created' });
    }
    node.auto.set('create-term', () => ({ type: 'failed', failure: 'not-sent', reason: 'simulated' }));
    for (let left = 4_000; left > 0; left -= 50) {
      node.pass(50);
      node.hear(
        'aux',
        {
          group: 'mail',
          term: 6 as Term,
          owner: 'main',
          ownerIncarnation: 'me-1' as Incarnation,
          grants: 6 as Term,
        },
        { kind: 'reply', beat: node.state.heartbeat.beat },
      );
    }
    expect(hasAuthority(node.state, 'mail', node.at)).toBe(true);
    expect(hasAuthority(node.state, 'web', node.at)).toBe(false);
  });

  test('a switchover of one leaves the other where it is', () => {
    const node = standbyOfBoth();
    node.command({
      type: 'move',
      id: 'a1',
      group: 'mail',
      target: 'main',
      kind: 'switchover',
      by: 'uid 0 on main',
      timeoutMs: 5_000,
    });
    expect(reportOf(node, 'mail').request).toMatchObject({ id: 'a1' });
    expect(reportOf(node, 'web').request).toBeNull();
  });

  test('a node that leaves while it leads both exits only when both are gone', () => {
    const node = standbyOfBoth();
    for (let left = 1_500; left > 0; left -= 50) {
      node.pass(50);
      settleReads(node);
    }
    for (const _ of GROUPS) node.answer('create-term', { type: 'term-created' });
    for (const group of GROUPS) node.hear('aux', { group, term: 6 as Term, owner: 'main' });
    node.command({ type: 'stop', mode: 'leave' });
    node.hearLeader('aux', 7, { group: 'web' });
    expect(node.exits).toHaveLength(0);
    node.hearLeader('aux', 7, { group: 'mail' });
    expect(node.exits).toHaveLength(1);
  });

  test('both look at address and witness at the same times, so that they share the calls', () => {
    const node = standbyOfBoth();
    for (let left = 1_500; left > 0; left -= 50) {
      node.pass(50);
      settleReads(node);
    }
    for (const _ of GROUPS) node.answer('create-term', { type: 'term-created' });
    const looks: Record<'read-newest' | 'describe-address', Map<number, number>> = {
      'read-newest': new Map(),
      'describe-address': new Map(),
    };
    for (const type of ['read-newest', 'describe-address'] as const) {
      node.auto.set(type, () => {
        looks[type].set(node.nowMs, (looks[type].get(node.nowMs) ?? 0) + 1);
        return type === 'read-newest'
          ? { type: 'newest-term', record: null }
          : { type: 'address-reading', holder: { kind: 'node', node: 'main' }, associationId: 'own' };
      });
    }
    grantBoth(node, 60_000);
    for (const times of Object.values(looks)) times.clear();
    grantBoth(node, 240_000);
    expect([...looks['read-newest'].values()]).toEqual(Array(24).fill(2));
    expect([...looks['describe-address'].values()]).toEqual(Array(6).fill(2));
  });
});

/** aux hears main and grants for `ms`. */
function grantBoth(node: OneNode, ms: number): void {
  for (let left = ms; left > 0; left -= 100) {
    node.pass(100);
    const { beat } = node.state.heartbeat;
    for (const group of GROUPS) {
      const granted = {
        term: 6 as Term,
        owner: 'main',
        ownerIncarnation: 'me-1' as Incarnation,
        grants: 6 as Term,
      };
      node.hear('aux', { group, ...granted }, { kind: 'reply', beat });
    }
  }
}
