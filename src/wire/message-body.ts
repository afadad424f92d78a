import type { Departure, GroupReport, PeerMessage, Reach } from '../core/message.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import type { GroupTable } from './group-table.ts';
import { type Identity, IdentityTable, readIdentities } from './identity-table.ts';
import { decodeReport, encodeReport } from './report-codec.ts';

const FLAG = { reply: 1, wantsReply: 2, drained: 4, leaving: 8 } as const;
/** In bits 4 and 5 of the flags. */
const DEPARTURES: readonly Departure[] = ['none', 'advised', 'imminent'];
const DEPARTURE_SHIFT = 4;
const DEPARTURE_MASK = 0b11;

/** flags, beat, how many identities, how many reports, reach: at their longest. */
const FIXED_BYTES = 1 + 8 + 1 + 2 + 2;

interface Part {
  readonly identities: IdentityTable;
  readonly reports: Uint8Array[];
  reportBytes: number;
}

export type BodyResult =
  | {
      ok: true;
      message: PeerMessage;
      /** Hashes of groups that this node does not have; their reports were left out. */
      unknownGroups: readonly number[];
    }
  | { ok: false };

/**
 * One body in all usual cases. When many groups carry something unusual at once, several: each is a message of
 * its own, of the same beat and with the same flags, about some of the groups, so that none of them waits for
 * another and a lost one costs its own groups only.
 *
 * Throws RangeError for values that no version of this program sends (a fraction for a term, an id that is not
 * hexadecimal, a name above 63 bytes).
 */
export function encodeBodies(
  message: PeerMessage,
  context: { readonly sender: Identity; readonly groups: GroupTable; readonly capacity: number },
): Uint8Array[] {
  const { sender, groups, capacity } = context;
  const newPart = (): Part => ({ identities: new IdentityTable(sender), reports: [], reportBytes: 0 });
  const parts = [newPart()];
  for (const report of message.reports) {
    const hash = groups.hashOf(report.group);
    if (addReport(parts.at(-1)!, report, hash, capacity)) continue;
    const part = newPart();
    if (!addReport(part, report, hash, capacity)) {
      throw new RangeError(`the report on group ${JSON.stringify(report.group)} fits no datagram`);
    }
    parts.push(part);
  }
  return parts.map((part) => writePart(message, part, capacity));
}

function addReport(part: Part, report: GroupReport, hash: number, capacity: number): boolean {
  const { identities, reports } = part;
  const entriesBefore = identities.entries;
  const bytes = encodeReport(report, hash, identities);
  const lengthBytes = bytes.length < 0x80 ? 1 : 2;
  const reportBytes = part.reportBytes + lengthBytes + bytes.length;
  if (FIXED_BYTES + identities.bytes + reportBytes > capacity) {
    identities.truncate(entriesBefore);
    return false;
  }
  reports.push(bytes);
  part.reportBytes = reportBytes;
  return true;
}

function writePart(message: PeerMessage, part: Part, capacity: number): Uint8Array {
  const writer = new ByteWriter(capacity);
  let flags = message.kind === 'reply' ? FLAG.reply : 0;
  if (message.wantsReply) flags |= FLAG.wantsReply;
  if (message.drained) flags |= FLAG.drained;
  if (message.leaving) flags |= FLAG.leaving;
  flags |= DEPARTURES.indexOf(message.departure) << DEPARTURE_SHIFT;
  writer.uint(flags, 1);
  writer.varint(message.beat);
  part.identities.write(writer);
  writer.varint(part.reports.length);
  for (const report of part.reports) {
    writer.varint(report.length);
    writer.bytes(report);
  }
  if (message.reach !== null) {
    writer.uint(message.reach.reached, 1);
    writer.uint(message.reach.of, 1);
  }
  return writer.written();
}

/** Never throws. `sender` comes from the packet around it; bytes and flags of a newer version are left alone. */
export function decodeBody(
  body: Uint8Array,
  context: { readonly sender: Identity; readonly groups: Pick<GroupTable, 'nameOf'> },
): BodyResult {
  const reader = new ByteReader(body);
  const flags = reader.uint(1);
  const beat = reader.varint();
  const identities = readIdentities(reader, context.sender);
  const count = reader.varint();
  const reports: GroupReport[] = [];
  const unknownGroups: number[] = [];
  const nameOf = (hash: number) => context.groups.nameOf(hash);
  for (let i = 0; i < count && !reader.failed; i += 1) {
    const reportReader = new ByteReader(reader.bytes(reader.varint()));
    if (reader.failed) break;
    const { hash, report } = decodeReport(reportReader, identities, nameOf);
    if (reportReader.failed) return { ok: false };
    if (report === null) unknownGroups.push(hash);
    else reports.push(report);
  }
  const reach = readReach(reader);
  if (reader.failed) return { ok: false };
  const message: PeerMessage = {
    kind: flags & FLAG.reply ? 'reply' : 'heartbeat',
    beat,
    wantsReply: (flags & FLAG.wantsReply) !== 0,
    drained: (flags & FLAG.drained) !== 0,
    leaving: (flags & FLAG.leaving) !== 0,
    // A grade that this version does not know is at least that the machine will go.
    departure: DEPARTURES[(flags >> DEPARTURE_SHIFT) & DEPARTURE_MASK] ?? 'imminent',
    reach,
    reports,
  };
  return { ok: true, message, unknownGroups };
}

/** Appended by who watches ping nodes; an older version sends none. */
function readReach(reader: ByteReader): Reach | null {
  if (reader.failed || reader.remaining < 2) return null;
  const reached = reader.uint(1);
  const of = reader.uint(1);
  return of > 0 && reached <= of ? { reached, of } : null;
}
