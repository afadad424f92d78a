import { describe, expect, test } from 'vitest';
import { authorityUntil } from '../../../src/core/authority.ts';
import { guardedEnd } from '../../../src/core/guarded-end.ts';
import { leaderOf, type OneNode, standbyOf } from '../../support/one-node.ts';

function untilMs(node: OneNode): number {
  const end = guardedEnd(node.state, 'web');
  if (end?.kind !== 'until') throw new Error(`the guard hears ${JSON.stringify(end)}`);
  return end.ownMs;
}

describe('what the guard is told (rule 3)', () => {
  test('is the end of authority, while this node leads', () => {
    const node = leaderOf(6);
    expect(untilMs(node)).toBe(authorityUntil(node.state, node.group));
    node.passGranted('aux', 4_000);
    expect(untilMs(node)).toBe(authorityUntil(node.state, node.group));
  });

  test('is earlier in the very step that renounces a lease', () => {
    const node = leaderOf(6);
    let told = untilMs(node);
    for (let beat = 0; beat < 200 && !node.lastReport.renounced; beat += 1) {
      told = untilMs(node);
      node.pass(50);
      node.grant('aux');
    }
    expect(node.lastReport.renounced).toBe(true);
    expect(untilMs(node)).toBeLessThan(told);
    expect(untilMs(node)).toBe(node.group.role.kind === 'leading' ? grantEnd(node) : null);
  });

  test('is over, not silent, when authority was lost at once', () => {
    const node = leaderOf(6);
    node.suspendedMs += 60_000;
    node.pass(10);
    expect(untilMs(node)).toBeLessThan(node.nowMs + node.suspendedMs);
  });

  test('is nothing new on a node that leads no longer: the promises of the others last on', () => {
    const node = leaderOf(6);
    node.hearLeader('aux', 7);
    expect(node.role).toBe('standby');
    expect(guardedEnd(node.state, 'web')).toBeNull();
  });

  test('is that all is stopped once a stop has succeeded, leading or not', () => {
    const node = standbyOf(5);
    node.group.services.mayRun = false;
    expect(guardedEnd(node.state, 'web')).toEqual({ kind: 'stopped' });
    const leader = leaderOf(6);
    leader.group.services.mayRun = false;
    expect(guardedEnd(leader.state, 'web')).toEqual({ kind: 'stopped' });
  });
});

/** Of the newest heartbeat that aux granted, whose deadtime is a second. */
function grantEnd(node: OneNode): number {
  const { role } = node.group;
  return role.kind === 'leading' ? role.bonds.get('aux')!.grantOwnMs + 1_000 : 0;
}
