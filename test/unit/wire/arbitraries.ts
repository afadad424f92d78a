import fc from 'fast-check';
import type { GroupReport, PeerMessage, ReportedRole } from '../../../src/core/message.ts';
import type { Incarnation, Term } from '../../../src/core/types.ts';
import type { SessionPacket } from '../../../src/wire/session-packet.ts';

/** Values as this program sends them: names that fit, an incarnation only where there is a node. */
export const GROUPS: readonly string[] = Array.from({ length: 30 }, (_, i) => `group-${i}`);

export const hex16 = fc.stringMatching(/^[0-9a-f]{16}$/);
const incarnation = hex16 as fc.Arbitrary<Incarnation>;
const nodeName = fc.stringMatching(/^[a-z][a-z0-9.-]{0,62}$/);
const someNode = fc.oneof(fc.constantFrom('main', 'aux', ''), nodeName);
const durationMs = fc.oneof(fc.constant(0), fc.nat(100_000));
const term = fc.oneof(fc.nat(300), fc.maxSafeNat()) as unknown as fc.Arbitrary<Term>;
const upToBytes = (max: number) =>
  fc.string({ unit: 'grapheme', maxLength: max }).filter((text) => Buffer.byteLength(text) <= max);
const role = fc.constantFrom<ReportedRole>(
  'starting',
  'restarting',
  'standby',
  'claiming',
  'leading',
  'yielding',
  'acting',
);

const fields = fc.record({
  role,
  term,
  owner: someNode,
  ownerIncarnation: incarnation,
  claimTerm: term,
  grants: term,
  leaseMs: durationMs,
  renounced: fc.boolean(),
  deadtimeMs: durationMs,
  holdMs: durationMs,
  prepare: someNode,
  handover: fc.nat(),
  ready: fc.boolean(),
  yieldTo: someNode,
  yieldToIncarnation: incarnation,
  eligible: fc.boolean(),
  whyNot: upToBytes(80),
  hasAddress: fc.boolean(),
  serving: fc.boolean(),
  request: fc.option(
    fc.record({
      id: hex16,
      kind: fc.constantFrom('switchover' as const, 'force' as const),
      target: someNode,
      by: upToBytes(64),
      afar: fc.boolean(),
    }),
  ),
  answer: fc.option(
    fc.record({
      id: hex16,
      refusal: upToBytes(120),
      code: fc.constantFrom('busy' as const, 'unsafe' as const),
    }),
  ),
  maintenance: fc.record({ on: fc.boolean(), stamp: fc.nat(2 ** 31) }),
  cleanup: fc.option(fc.record({ id: hex16, node: someNode })),
  cleanedUp: fc.oneof(fc.constant(''), hex16),
});

export const message: fc.Arbitrary<PeerMessage> = fc.record({
  kind: fc.constantFrom('heartbeat' as const, 'reply' as const),
  beat: fc.maxSafeNat(),
  wantsReply: fc.boolean(),
  drained: fc.boolean(),
  leaving: fc.boolean(),
  departure: fc.constantFrom('none', 'advised', 'imminent'),
  reach: fc.option(
    fc.tuple(fc.nat(9), fc.nat(9)).map(([reached, more]) => ({ reached, of: reached + more + 1 })),
  ),
  reports: fc
    .array(fields, { maxLength: GROUPS.length })
    .map((list) => list.map((each, i) => tidy({ ...each, group: GROUPS[i]! }))),
});

function tidy(report: GroupReport): GroupReport {
  const nobody = '' as Incarnation;
  return {
    ...report,
    ownerIncarnation: report.owner === '' ? nobody : report.ownerIncarnation,
    yieldToIncarnation: report.yieldTo === '' ? nobody : report.yieldToIncarnation,
    maintenance: report.maintenance.stamp === 0 ? { on: false, stamp: 0 } : report.maintenance,
  };
}

const header = fc.record({
  sender: nodeName,
  receiver: nodeName,
  incarnation,
  instanceId: nodeName,
  path: fc.nat(255),
  senderNonce: hex16,
  receiverNonce: hex16,
});

export const packet: fc.Arbitrary<SessionPacket<Uint8Array>> = fc.oneof(
  header.map((each) => ({ ...each, kind: 'greeting' as const })),
  header.map((each) => ({ ...each, kind: 'challenge' as const })),
  fc.record({ header, takenBy: nodeName }).map((each) => ({
    ...each.header,
    kind: 'rejection' as const,
    takenBy: each.takenBy,
  })),
  fc
    .record({ header, sequence: fc.nat(2 ** 48 - 1), payload: fc.uint8Array({ maxLength: 900 }) })
    .map(({ header: each, sequence, payload }) => ({ ...each, kind: 'message' as const, sequence, payload })),
);

/** What a group looks like on an ordinary day, as its leader and as its standby report it. */
export function usualReport(group: string, over: Partial<GroupReport> = {}): GroupReport {
  return {
    group,
    role: 'leading',
    term: 1234 as Term,
    owner: 'main',
    ownerIncarnation: '00112233445566aa' as Incarnation,
    claimTerm: 0 as Term,
    grants: 0 as Term,
    leaseMs: 3_000,
    renounced: true,
    deadtimeMs: 1_000,
    holdMs: 0,
    prepare: '',
    handover: 0,
    ready: false,
    yieldTo: '',
    yieldToIncarnation: '' as Incarnation,
    eligible: true,
    whyNot: '',
    hasAddress: true,
    serving: true,
    request: null,
    answer: null,
    maintenance: { on: false, stamp: 0 },
    cleanup: null,
    cleanedUp: '',
    ...over,
  };
}

export function heartbeatOf(reports: readonly GroupReport[], over: Partial<PeerMessage> = {}): PeerMessage {
  return {
    kind: 'heartbeat',
    beat: 4_000_000,
    wantsReply: true,
    drained: false,
    leaving: false,
    departure: 'none',
    reach: null,
    reports,
    ...over,
  };
}
