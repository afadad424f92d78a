import type { GroupReport, ReportedRole } from '../core/message.ts';
import { type GroupName, type Incarnation, NO_TERM, type Term } from '../core/types.ts';
import type { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import type { Identity, IdentityTable } from './identity-table.ts';

const ROLES: readonly ReportedRole[] = [
  'starting',
  'restarting',
  'standby',
  'claiming',
  'leading',
  'yielding',
  'acting',
];

/** Of the report's 16 flag bits, the lowest three are the role. */
const FLAG = {
  eligible: 1 << 3,
  hasAddress: 1 << 4,
  serving: 1 << 5,
  renounced: 1 << 6,
  ready: 1 << 7,
  /** The usual grant, of exactly `term`, costs no further byte. */
  grantsTerm: 1 << 8,
  grantsOther: 1 << 9,
  details: 1 << 10,
} as const;

/** Which of the rarer fields follow; written only when there is one. */
const DETAIL = {
  claimTerm: 1 << 0,
  leaseMs: 1 << 1,
  deadtimeMs: 1 << 2,
  holdMs: 1 << 3,
  prepare: 1 << 4,
  handover: 1 << 5,
  yieldTo: 1 << 6,
  request: 1 << 7,
  forced: 1 << 8,
  /** The refusal in the answer passes by itself. */
  busy: 1 << 13,
  /** The request stands in the witness. */
  afar: 1 << 14,
  answer: 1 << 9,
  maintenance: 1 << 10,
  cleanup: 1 << 11,
  cleanedUp: 1 << 12,
  whyNot: 1 << 15,
} as const;

const MAX_REQUESTER_BYTES = 64;
const MAX_REFUSAL_BYTES = 120;
const MAX_WHY_NOT_BYTES = 80;
/** Four names of 63 bytes would be in the identity table; this is the report itself at its largest. */
const MAX_REPORT_BYTES = 433;

/** The fields of one report, without the length that stands before it. */
export function encodeReport(report: GroupReport, groupHash: number, identities: IdentityTable): Uint8Array {
  const writer = new ByteWriter(MAX_REPORT_BYTES);
  const details = detailsOf(report);
  writer.uint(groupHash, 4);
  writer.uint(flagsOf(report, details), 2);
  writer.varint(report.term);
  writer.uint(identities.indexOf(report.owner, report.ownerIncarnation), 1);
  if (report.grants !== NO_TERM && report.grants !== report.term) writer.varint(report.grants);
  if (details === 0) return writer.written();
  writer.varint(details);
  if (details & DETAIL.claimTerm) writer.varint(report.claimTerm);
  // Rounded up: a receiver that waits a fraction longer than the record says is on the safe side.
  if (details & DETAIL.leaseMs) writer.varint(Math.ceil(report.leaseMs));
  if (details & DETAIL.deadtimeMs) writer.varint(Math.ceil(report.deadtimeMs));
  if (details & DETAIL.holdMs) writer.varint(Math.ceil(report.holdMs));
  if (details & DETAIL.prepare) writer.uint(identities.indexOfNode(report.prepare), 1);
  if (details & DETAIL.handover) writer.varint(report.handover);
  if (details & DETAIL.yieldTo) {
    writer.uint(identities.indexOf(report.yieldTo, report.yieldToIncarnation), 1);
  }
  if (report.request !== null) {
    writer.hex8(report.request.id);
    writer.uint(identities.indexOfNode(report.request.target), 1);
    writer.prose(report.request.by, MAX_REQUESTER_BYTES);
  }
  if (report.answer !== null) {
    writer.hex8(report.answer.id);
    writer.prose(report.answer.refusal, MAX_REFUSAL_BYTES);
  }
  // Stamp and setting in one number.
  if (details & DETAIL.maintenance)
    writer.varint(report.maintenance.stamp * 2 + (report.maintenance.on ? 1 : 0));
  if (report.cleanup !== null) {
    writer.hex8(report.cleanup.id);
    writer.uint(identities.indexOfNode(report.cleanup.node), 1);
  }
  if (details & DETAIL.cleanedUp) writer.hex8(report.cleanedUp);
  if (details & DETAIL.whyNot) writer.prose(report.whyNot, MAX_WHY_NOT_BYTES);
  return writer.written();
}

/** Bytes behind the last field are a newer version's and are left alone. */
export function decodeReport(
  reader: ByteReader,
  identities: readonly Identity[],
  nameOf: (hash: number) => GroupName | undefined,
): { readonly hash: number; readonly report: GroupReport | null } {
  const hash = reader.uint(4);
  const group = nameOf(hash);
  const flags = reader.uint(2);
  const role = ROLES[flags & 7];
  const term = reader.varint() as Term;
  const owner = readIdentity(reader, identities);
  const other = (flags & FLAG.grantsOther ? reader.varint() : NO_TERM) as Term;
  const grants = flags & FLAG.grantsTerm ? term : other;
  const details = flags & FLAG.details ? reader.varint() : 0;
  const rest = decodeDetails(reader, details, identities);
  if (role === undefined) reader.fail();
  if (reader.failed || role === undefined || group === undefined) return { hash, report: null };
  const is = (flag: number): boolean => (flags & flag) !== 0;
  const report: GroupReport = {
    group,
    role,
    term,
    owner: owner.name,
    ownerIncarnation: owner.incarnation,
    grants,
    ...rest,
    renounced: is(FLAG.renounced),
    ready: is(FLAG.ready),
    eligible: is(FLAG.eligible),
    hasAddress: is(FLAG.hasAddress),
    serving: is(FLAG.serving),
  };
  return { hash, report };
}

type Details = Pick<
  GroupReport,
  | 'claimTerm'
  | 'leaseMs'
  | 'deadtimeMs'
  | 'holdMs'
  | 'prepare'
  | 'handover'
  | 'yieldTo'
  | 'yieldToIncarnation'
  | 'request'
  | 'answer'
  | 'maintenance'
  | 'cleanup'
  | 'cleanedUp'
  | 'whyNot'
>;

function decodeDetails(reader: ByteReader, details: number, identities: readonly Identity[]): Details {
  const count = (bit: number): number => (details & bit ? reader.varint() : 0);
  const identity = (bit: number): Identity =>
    details & bit ? readIdentity(reader, identities) : identities[0]!;
  // An object literal is evaluated from top to bottom, which is the order of the fields on the wire.
  const head = {
    claimTerm: count(DETAIL.claimTerm) as Term,
    leaseMs: count(DETAIL.leaseMs),
    deadtimeMs: count(DETAIL.deadtimeMs),
    holdMs: count(DETAIL.holdMs),
    prepare: identity(DETAIL.prepare).name,
    handover: count(DETAIL.handover),
  };
  const yieldTo = identity(DETAIL.yieldTo);
  const request =
    details & DETAIL.request
      ? {
          id: reader.hex8(),
          kind: details & DETAIL.forced ? ('force' as const) : ('switchover' as const),
          target: readIdentity(reader, identities).name,
          by: reader.text(reader.uint(1)),
          afar: (details & DETAIL.afar) !== 0,
        }
      : null;
  const answer =
    details & DETAIL.answer
      ? {
          id: reader.hex8(),
          refusal: reader.text(reader.uint(1)),
          code: details & DETAIL.busy ? ('busy' as const) : ('unsafe' as const),
        }
      : null;
  const setting = count(DETAIL.maintenance);
  const cleanup =
    details & DETAIL.cleanup ? { id: reader.hex8(), node: readIdentity(reader, identities).name } : null;
  return {
    ...head,
    yieldTo: yieldTo.name,
    yieldToIncarnation: yieldTo.incarnation,
    request,
    answer,
    maintenance: { on: setting % 2 === 1, stamp: Math.floor(setting / 2) },
    cleanup,
    cleanedUp: details & DETAIL.cleanedUp ? reader.hex8() : '',
    whyNot: details & DETAIL.whyNot ? reader.text(reader.uint(1)) : '',
  };
}

function flagsOf(report: GroupReport, details: number): number {
  let flags = ROLES.indexOf(report.role);
  if (report.eligible) flags |= FLAG.eligible;
  if (report.hasAddress) flags |= FLAG.hasAddress;
  if (report.serving) flags |= FLAG.serving;
  if (report.renounced) flags |= FLAG.renounced;
  if (report.ready) flags |= FLAG.ready;
  if (report.grants !== NO_TERM) flags |= report.grants === report.term ? FLAG.grantsTerm : FLAG.grantsOther;
  if (details !== 0) flags |= FLAG.details;
  return flags;
}

function detailsOf(report: GroupReport): number {
  let details = 0;
  if (report.claimTerm !== NO_TERM) details |= DETAIL.claimTerm;
  if (report.leaseMs !== 0) details |= DETAIL.leaseMs;
  if (report.deadtimeMs !== 0) details |= DETAIL.deadtimeMs;
  if (report.holdMs !== 0) details |= DETAIL.holdMs;
  if (report.prepare !== '') details |= DETAIL.prepare;
  if (report.handover !== 0) details |= DETAIL.handover;
  if (report.yieldTo !== '') details |= DETAIL.yieldTo;
  if (report.request !== null) details |= DETAIL.request;
  if (report.request?.kind === 'force') details |= DETAIL.forced;
  if (report.request?.afar) details |= DETAIL.afar;
  if (report.answer?.code === 'busy') details |= DETAIL.busy;
  if (report.answer !== null) details |= DETAIL.answer;
  if (report.maintenance.stamp > 0) details |= DETAIL.maintenance;
  if (report.cleanup !== null) details |= DETAIL.cleanup;
  if (report.cleanedUp !== '') details |= DETAIL.cleanedUp;
  if (report.whyNot !== '') details |= DETAIL.whyNot;
  return details;
}

function readIdentity(reader: ByteReader, identities: readonly Identity[]): Identity {
  const identity = identities[reader.uint(1)];
  if (identity !== undefined) return identity;
  reader.fail();
  return { name: '', incarnation: '' as Incarnation };
}
