import { describe, expect, it } from 'vitest';
import { statusSnapshotSchema } from '../../../src/control/status-snapshot.ts';
import type { CoreSnapshot } from '../../../src/core/snapshot.ts';
import type { Term } from '../../../src/core/types.ts';
import { RecentFacts } from '../../../src/observability/recent-facts.ts';
import { type StatusSources, statusSnapshot } from '../../../src/observability/status.ts';

const now = new Date('2030-01-02T03:04:05Z');

const core: CoreSnapshot = {
  self: 'main',
  nodes: ['main', 'aux'],
  drained: false,
  witnessDownForMs: null,
  peers: [
    {
      name: 'aux',
      up: true,
      heardMsAgo: 40,
      drained: false,
      leaving: false,
      departure: 'none',
      groups: [
        {
          group: 'web',
          role: 'standby',
          eligible: false,
          whyNot: 'nginx: its configuration is broken',
          hasAddress: false,
          serving: false,
          deadtimeMs: 0,
        },
      ],
    },
  ],
  groups: [
    {
      name: 'web',
      kind: 'address',
      role: 'leading',
      term: 7 as Term,
      owner: 'main',
      requestedBy: '',
      members: ['main', 'aux'],
      authority: { held: true, forMs: Number.POSITIVE_INFINITY, source: 'grants' },
      address: {
        holder: { kind: 'node', node: 'main' },
        here: true,
        readMsAgo: 900,
        moving: false,
        complaint: '',
      },
      services: { status: 'running', reason: '' },
      maintenance: false,
      failures: [],
      ineligible: '',
      handover: null,
      request: null,
      takeovers: { lastHour: 0, waitMs: 0 },
    },
  ],
};

const sources = (changes: Partial<StatusSources> = {}): StatusSources => ({
  daemonVersion: '0.1.0',
  cluster: 'web',
  now,
  core,
  registrations: [],
  keys: {
    signing: 0x0abc,
    other: null,
    unknownSeen: false,
    peers: [{ peer: 'aux', signing: null, acceptsOther: false }],
  },
  links: [
    {
      peer: 'aux',
      path: 0,
      address: '10.0.0.12',
      rttMs: 0.4,
      rttMsAgo: 40,
      lastHeardMsAgo: 40,
      problem: '',
      sent: 600,
      received: 598,
      lost: 2,
    },
    {
      peer: 'aux',
      path: 1,
      address: '10.1.0.12',
      rttMs: null,
      rttMsAgo: null,
      lastHeardMsAgo: 5000,
      problem: 'it has another key',
      sent: 600,
      received: 0,
      lost: 0,
    },
  ],
  deadtimeMs: 1000,
  facts: new RecentFacts(() => now),
  groups: new Map([
    [
      'web',
      {
        nodes: ['main', 'aux'],
        publicIp: '203.0.113.10',
        addresses: [{ name: '203.0.113.10', type: 'elastic-ip', here: true }],
        resources: [{ name: 'nginx', type: 'nginx', state: 'started', reason: '', monitor: 'every 5 s' }],
      },
    ],
  ]),
  ...changes,
});

describe('the status of a node', () => {
  it('has the shape that it promises, also once it is JSON', () => {
    const snapshot = statusSnapshot(sources());
    expect(statusSnapshotSchema.parse(JSON.parse(JSON.stringify(snapshot)))).toEqual(snapshot);
  });

  it('shows each path to a peer, alive or dead', () => {
    const [self, aux] = statusSnapshot(sources()).nodes;
    expect(self).toEqual({ name: 'main', state: 'online', self: true, links: [] });
    expect(aux?.links.map(({ state }) => state)).toEqual(['up', 'dead']);
    expect(aux?.links.map(({ problem }) => problem)).toEqual(['', 'it has another key']);
  });

  it('tells the deadtime of a leader that is heard, and of no other', () => {
    const [peer] = core.peers;
    const led = { ...core.groups[0]!, owner: 'aux' };
    const says = { ...peer!, groups: [{ ...peer!.groups[0]!, deadtimeMs: 1_500 }] };
    const of = (changed: Partial<CoreSnapshot>) =>
      statusSnapshot(sources({ core: { ...core, ...changed } })).groups[0]?.leaderDeadtimeMs;
    expect(of({ groups: [led], peers: [says] })).toBe(1_500);
    expect(of({ groups: [led], peers: [{ ...says, up: false }] })).toBeNull();
    expect(of({ peers: [says] })).toBeNull();
  });

  it('shows keys by fingerprints of four digits', () => {
    expect(statusSnapshot(sources()).keys).toEqual({
      signing: '0abc',
      other: null,
      unknownSeen: false,
      peers: [{ node: 'aux', signing: null, acceptsOther: false }],
    });
  });

  it('lists the address last among the resources', () => {
    const [group] = statusSnapshot(sources()).groups;
    expect(group?.resources.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'nginx started',
      '203.0.113.10 started',
    ]);
  });

  it('says of each candidate why it could not lead', () => {
    const [group] = statusSnapshot(sources()).groups;
    expect(group?.candidates).toEqual([
      expect.objectContaining({ node: 'main', eligible: true, reason: '', role: 'leading' }),
      expect.objectContaining({
        node: 'aux',
        eligible: false,
        reason: 'it says: nginx: its configuration is broken',
      }),
    ]);
    const silent = { ...core, peers: [{ ...core.peers[0]!, up: false }] };
    const candidates = statusSnapshot(sources({ core: silent })).groups[0]?.candidates;
    expect(candidates?.[1]).toMatchObject({ reason: 'it is not heard', role: null, serving: false });
  });

  it('says what each is in the group by its own word, as long as it is heard', () => {
    const [silent] = core.peers;
    const part = { role: 'leading', eligible: true, hasAddress: true, serving: true } as const;
    const peer = { ...silent!, groups: [{ ...silent!.groups[0]!, ...part }] };
    const partOfAux = (up: boolean) => {
      const [group] = statusSnapshot(sources({ core: { ...core, peers: [{ ...peer, up }] } })).groups;
      return group?.candidates[1];
    };
    expect(partOfAux(true)).toMatchObject({ role: 'leading', serving: true, hasAddress: true });
    expect(partOfAux(false)).toMatchObject({ role: null, serving: false, hasAddress: false });
  });

  it('remembers the last takeover with its phases, and the ten newest failures', () => {
    const facts = new RecentFacts(() => now);
    const group = 'web';
    facts.take({ type: 'became-leader', group, term: 7 as Term, reason: 'takeover', by: '' });
    const phases = { detectMs: 1000, claimMs: 100, moveMs: 600, startMs: 0, totalMs: 1700 };
    facts.take({ type: 'serving', group, term: 7 as Term, reason: 'takeover', ...phases });
    for (let i = 0; i < 30; i++) facts.take({ type: 'services-failed', group, reason: `failure ${i}` });
    const [status] = statusSnapshot(sources({ facts })).groups;
    expect(status?.lastChange).toEqual({ at: now.toISOString(), reason: 'takeover', by: '', phases });
    expect(status?.failedActions).toHaveLength(10);
    expect(status?.failedActions.at(-1)?.reason).toBe('failure 29');
  });

  it('tells nothing of its own last takeover once another leads', () => {
    const facts = new RecentFacts(() => now);
    const group = 'web';
    facts.take({ type: 'became-leader', group, term: 7 as Term, reason: 'takeover', by: 'uid 0 on main' });
    facts.take({ type: 'stepped-down', group, term: 8 as Term, owner: 'aux' });
    const another = { at: now.toISOString(), reason: '', by: '', phases: null };
    expect(facts.lastChange(group)).toEqual(another);
  });

  it('takes it for no change when another leader renews its term', () => {
    let at = now;
    const facts = new RecentFacts(() => at);
    const group = 'web';
    facts.take({ type: 'leader-known', group, term: 7 as Term, owner: 'aux' });
    at = new Date(now.getTime() + 60_000);
    facts.take({ type: 'leader-known', group, term: 8 as Term, owner: 'aux' });
    expect(facts.lastChange(group)?.at).toBe(now.toISOString());
    facts.take({ type: 'leader-known', group, term: 9 as Term, owner: 'third' });
    expect(facts.lastChange(group)?.at).toBe(at.toISOString());
  });

  it('knows the witness only after it was asked', () => {
    const facts = new RecentFacts(() => now);
    expect(statusSnapshot(sources({ facts })).witness.state).toBe('unknown');
    facts.witnessAnswered();
    expect(facts.witness).toEqual({ state: 'up', since: now.toISOString(), reason: '' });
    facts.take({ type: 'witness-down', reason: 'timeout' });
    expect(facts.witness).toMatchObject({ state: 'down', reason: 'timeout' });
  });
});
