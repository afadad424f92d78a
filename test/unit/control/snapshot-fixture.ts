import type { GroupStatus, StatusSnapshot } from '../../../src/control/status-snapshot.ts';

/** A node that is heard and leads nothing. */
export function candidate(
  node: string,
  overrides: Partial<GroupStatus['candidates'][number]> = {},
): GroupStatus['candidates'][number] {
  return {
    node,
    eligible: true,
    reason: '',
    role: 'standby',
    serving: false,
    hasAddress: false,
    ...overrides,
  };
}

export function groupStatus(overrides: Partial<GroupStatus> = {}): GroupStatus {
  return {
    name: 'web',
    kind: 'address',
    leader: 'main',
    term: 7,
    leaderDeadtimeMs: null,
    role: 'leading',
    authority: { held: true, forMs: 912, source: 'grants' },
    address: { publicIp: '203.0.113.10', holder: 'main', here: true, readMsAgo: 4_000, complaint: '' },
    resources: [
      { name: 'nginx', type: 'nginx', state: 'started', reason: '', monitor: 'every 5 s' },
      { name: '203.0.113.10', type: 'elastic-ip', state: 'started', reason: '', monitor: '' },
    ],
    candidates: [candidate('main', { role: 'leading', serving: true, hasAddress: true }), candidate('aux')],
    handover: null,
    request: null,
    takeovers: { lastHour: 0, waitMs: 0 },
    lastChange: {
      at: '2026-11-21T05:00:00.000Z',
      reason: 'takeover',
      by: '',
      phases: { detectMs: 1_000, claimMs: 80, moveMs: 610, startMs: 0, totalMs: 1_690 },
    },
    failedActions: [],
    maintenance: false,
    failures: [],
    ...overrides,
  };
}

export function statusSnapshot(overrides: Partial<StatusSnapshot> = {}): StatusSnapshot {
  return {
    version: 1,
    daemonVersion: '0.1.0',
    cluster: 'web',
    node: 'main',
    time: '2026-11-21T05:10:00.000Z',
    witness: { state: 'up', since: '2026-11-21T04:00:00.000Z', reason: '' },
    keys: null,
    registrations: [],
    nodes: [
      { name: 'main', state: 'online', self: true, links: [] },
      {
        name: 'aux',
        state: 'online',
        self: false,
        links: [
          {
            path: 0,
            address: '10.0.0.12',
            state: 'up',
            rttMs: 0.4,
            rttMsAgo: 37,
            lastHeardMsAgo: 37,
            problem: '',
            sent: 600,
            received: 598,
            lost: 2,
          },
        ],
      },
    ],
    groups: [groupStatus()],
    ...overrides,
  };
}
