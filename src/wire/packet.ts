import { Buffer } from 'node:buffer';
import type { Incarnation } from '../core/types.ts';
import type { Signer } from './authenticator.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import type { PacketKind, SessionPacket } from './session-packet.ts';

/** Below the 1,280 bytes that every IPv6 link must carry, with room for tunnels: no datagram is fragmented. */
export const MAX_PACKET_BYTES = 1_200;
/**
 * HMAC-SHA256 cut to its first 128 bits. RFC 2104, section 5, allows half of the hash; a forger has one chance
 * in 2^128 a datagram and learns nothing from a refusal, and 30 groups gain 16 bytes.
 */
export const TAG_BYTES = 16;
export const MAX_NAME_BYTES = 63;
export const PACKET_VERSION = 1;

const MAGIC = 0x454b; // "EK"
const KINDS: readonly PacketKind[] = ['greeting', 'challenge', 'message', 'rejection'];
const FIXED_BYTES = 37;
const SMALLEST_PACKET_BYTES = FIXED_BYTES + 3 + TAG_BYTES;

export type FrameFault = 'oversized' | 'too-short' | 'not-ours' | 'version';

/** The parts of a datagram that matter before its signature was checked. */
export interface Frame {
  readonly version: number;
  readonly keyHint: number;
  /** Everything that the tag covers: all but the tag. */
  readonly signed: Uint8Array;
  readonly tag: Uint8Array;
}

export type FrameResult = { ok: true; frame: Frame } | { ok: false; reason: FrameFault };
export type PacketResult =
  | { ok: true; frame: Frame; packet: SessionPacket<Uint8Array> }
  | { ok: false; reason: FrameFault | 'malformed' };

/** How many bytes a message's body may have between these two nodes. */
export function bodyCapacity(names: { sender: string; receiver: string; instanceId: string }): number {
  const { sender, receiver, instanceId } = names;
  const namesBytes = [sender, receiver, instanceId].reduce(
    (sum, name) => sum + 1 + Buffer.byteLength(name),
    0,
  );
  return MAX_PACKET_BYTES - FIXED_BYTES - namesBytes - TAG_BYTES;
}

/** Throws RangeError when a field does not fit: the caller's bug, never a peer's doing. */
export function encodePacket(packet: SessionPacket<Uint8Array>, signer: Signer): Uint8Array {
  const writer = new ByteWriter(MAX_PACKET_BYTES);
  writer.uint(MAGIC, 2);
  writer.uint(PACKET_VERSION, 1);
  writer.uint(KINDS.indexOf(packet.kind) + 1, 1);
  writer.uint(signer.hint, 2);
  writer.uint(packet.path, 1);
  writer.uint(packet.kind === 'message' ? packet.sequence : 0, 6);
  writer.hex8(packet.incarnation);
  writer.hex8(packet.senderNonce);
  writer.hex8(packet.receiverNonce);
  writer.name(packet.sender, MAX_NAME_BYTES);
  writer.name(packet.receiver, MAX_NAME_BYTES);
  writer.name(packet.instanceId, MAX_NAME_BYTES);
  if (packet.kind === 'message') writer.bytes(packet.payload);
  if (packet.kind === 'rejection') writer.name(packet.takenBy, MAX_NAME_BYTES);
  writer.bytes(signer.sign(writer.written()));
  return writer.written();
}

/** Enough to check the signature, before anything else in the datagram is looked at. Never throws. */
export function openFrame(bytes: Uint8Array): FrameResult {
  if (bytes.length > MAX_PACKET_BYTES) return { ok: false, reason: 'oversized' };
  const reader = new ByteReader(bytes);
  const magic = reader.uint(2);
  const version = reader.uint(1);
  reader.uint(1);
  const keyHint = reader.uint(2);
  if (!reader.failed && magic !== MAGIC) return { ok: false, reason: 'not-ours' };
  if (!reader.failed && version !== PACKET_VERSION) return { ok: false, reason: 'version' };
  if (bytes.length < SMALLEST_PACKET_BYTES) return { ok: false, reason: 'too-short' };
  const end = bytes.length - TAG_BYTES;
  return { ok: true, frame: { version, keyHint, signed: bytes.subarray(0, end), tag: bytes.subarray(end) } };
}

/** Never throws, and holds no more than the datagram itself and three short names. Checks no signature. */
export function decodePacket(bytes: Uint8Array): PacketResult {
  const opened = openFrame(bytes);
  if (!opened.ok) return opened;
  const reader = new ByteReader(opened.frame.signed);
  reader.uint(3);
  const kind = KINDS[reader.uint(1) - 1];
  reader.uint(2);
  const path = reader.uint(1);
  const sequence = reader.uint(6);
  const incarnation = reader.hex8() as Incarnation;
  const senderNonce = reader.hex8();
  const receiverNonce = reader.hex8();
  const sender = readName(reader);
  const receiver = readName(reader);
  const instanceId = readName(reader);
  const header = { sender, receiver, incarnation, instanceId, path, senderNonce, receiverNonce };
  const packet = readKind(reader, kind, header, sequence);
  if (reader.failed || packet === null) return { ok: false, reason: 'malformed' };
  return { ok: true, frame: opened.frame, packet };
}

type Header = Pick<
  SessionPacket<never>,
  'sender' | 'receiver' | 'incarnation' | 'instanceId' | 'path' | 'senderNonce' | 'receiverNonce'
>;

function readKind(
  reader: ByteReader,
  kind: PacketKind | undefined,
  header: Header,
  sequence: number,
): SessionPacket<Uint8Array> | null {
  switch (kind) {
    case undefined:
      return null;
    case 'greeting':
    case 'challenge':
      return { ...header, kind };
    case 'rejection':
      return { ...header, kind, takenBy: readName(reader) };
    case 'message':
      return { ...header, kind, sequence, payload: reader.bytes(reader.remaining) };
  }
}

function readName(reader: ByteReader): string {
  const length = reader.uint(1);
  if (length > MAX_NAME_BYTES) reader.fail();
  return reader.text(length);
}
