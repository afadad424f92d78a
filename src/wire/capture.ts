import { Buffer } from 'node:buffer';

/**
 * The packets in what tcpdump or a person brings: a pcap file (`tcpdump -w`), the text of `tcpdump -x` or `-X`,
 * bare hexadecimal digits, or the bytes themselves. Nothing found: an empty list. Never throws.
 */
export function packetsIn(input: Uint8Array): Uint8Array[] {
  const bytes = Buffer.from(input.buffer, input.byteOffset, input.byteLength);
  const frames =
    pcapRecords(bytes) ?? (startsLikeOurs(bytes) ? [bytes] : framesInText(bytes.toString('latin1')));
  return frames.map(payloadOf).filter((payload) => payload !== null);
}

const MAGIC = Buffer.from('EK');
const PCAP_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;
/** Written big or little endian, with times in micro- or nanoseconds. */
const BIG_ENDIAN = new Set([0xa1b2c3d4, 0xa1b23c4d]);
const LITTLE_ENDIAN = new Set([0xd4c3b2a1, 0x4d3cb2a1]);
const UDP_HEADER_BYTES = 8;

function startsLikeOurs(bytes: Buffer): boolean {
  return bytes.subarray(0, MAGIC.length).equals(MAGIC);
}

/** null: not a pcap file. */
function pcapRecords(bytes: Buffer): Buffer[] | null {
  if (bytes.length < PCAP_HEADER_BYTES) return null;
  const magic = bytes.readUInt32BE(0);
  const little = LITTLE_ENDIAN.has(magic);
  if (!little && !BIG_ENDIAN.has(magic)) return null;
  const records: Buffer[] = [];
  let at = PCAP_HEADER_BYTES;
  while (at + RECORD_HEADER_BYTES <= bytes.length) {
    const length = little ? bytes.readUInt32LE(at + 8) : bytes.readUInt32BE(at + 8);
    at += RECORD_HEADER_BYTES;
    records.push(bytes.subarray(at, at + length));
    at += length;
  }
  return records;
}

/** Lines with offsets ("0x0010:  4500 …  E.") begin a new frame at 0x0000; without any, all digits are one frame. */
function framesInText(text: string): Buffer[] {
  const rows = [...text.matchAll(/^\s*0x([0-9a-f]+):\s+((?:[0-9a-f]{2,4} ?)+)/gim)];
  if (rows.length === 0) {
    const digits = text.replace(/\s/g, '');
    return /^(?:[0-9a-f]{2})+$/i.test(digits) ? [Buffer.from(digits, 'hex')] : [];
  }
  const frames: string[] = [];
  for (const [, offset, digits] of rows) {
    if (Number.parseInt(offset!, 16) === 0 || frames.length === 0) frames.push('');
    frames.push(`${frames.pop()}${digits!.replaceAll(' ', '')}`);
  }
  return frames.map((digits) => Buffer.from(digits, 'hex'));
}

/** Link, IP and UDP headers before the payload are skipped by looking for its first bytes; padding behind is cut. */
function payloadOf(frame: Buffer): Buffer | null {
  const at = frame.indexOf(MAGIC);
  if (at < 0) return null;
  if (at < UDP_HEADER_BYTES) return frame.subarray(at);
  const length = frame.readUInt16BE(at - 4) - UDP_HEADER_BYTES;
  return length > 0 && at + length <= frame.length ? frame.subarray(at, at + length) : frame.subarray(at);
}
