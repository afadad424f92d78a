import type { GroupReport, PeerMessage } from '../core/message.ts';
import type { GroupName } from '../core/types.ts';
import { Authenticator, type KeyRing } from './authenticator.ts';
import { GroupTable } from './group-table.ts';
import { decodeBody } from './message-body.ts';
import { decodePacket, type Frame, type PacketResult } from './packet.ts';
import { NO_NONCE, type SessionPacket } from './session-packet.ts';

export interface DescribeOptions {
  /** Without keys the packet is described and its signature left unchecked. */
  readonly keys?: KeyRing;
  /** Groups that are not among these are shown by the hash that travels. */
  readonly groupNames?: readonly GroupName[];
}

const FAULTS: Readonly<Record<(PacketResult & { ok: false })['reason'], string>> = {
  oversized: 'Not a packet of eipkeeper: longer than 1,200 bytes.',
  'too-short': 'Too short for a packet of eipkeeper: perhaps the capture cut it.',
  'not-ours': 'Not a packet of eipkeeper: it does not begin with "EK".',
  version: 'A packet of another version of eipkeeper.',
  malformed: 'It begins like a packet of eipkeeper, but cannot be read.',
};

/** Readable lines for `eipkeeper decode`. Never throws on what a network brings. */
export function describePacket(bytes: Uint8Array, options: DescribeOptions = {}): string[] {
  const decoded = decodePacket(bytes);
  if (!decoded.ok) return [FAULTS[decoded.reason]];
  const { packet, frame } = decoded;
  const lines = [
    `${packet.kind} of ${bytes.length} bytes, version ${frame.version}`,
    `from ${plain(packet.sender)} on ${plain(packet.instanceId)}, incarnation ${packet.incarnation}, to ${plain(packet.receiver)}`,
    `path ${packet.path}${packet.kind === 'message' ? `, sequence ${packet.sequence}` : ''}`,
    `session: sender ${nonce(packet.senderNonce)}, receiver ${nonce(packet.receiverNonce)}`,
    `key ${frame.keyHint.toString(16).padStart(4, '0')}: ${signature(frame, options.keys)}`,
  ];
  return [...lines, ...describeContent(packet, options.groupNames ?? [])];
}

function signature(frame: Frame, keys: KeyRing | undefined): string {
  if (keys === undefined) return 'signature not checked (no key given)';
  switch (new Authenticator(keys).verify(frame)) {
    case 'ok':
      return 'signature is right';
    case 'unknown-key':
      return 'signed with another key than the one given';
    case 'bad-signature':
      return 'signature is WRONG: damaged or forged';
  }
}

function describeContent(packet: SessionPacket<Uint8Array>, names: readonly GroupName[]): string[] {
  switch (packet.kind) {
    case 'greeting':
      return ['asks for a challenge; changes nothing by itself'];
    case 'challenge':
      return ["whoever echoes the sender's nonce in a message opens a session"];
    case 'rejection':
      return [`the name ${plain(packet.receiver)} is taken by ${plain(packet.takenBy)}`];
    case 'message': {
      const groups = new GroupTable(names);
      const nameOf = (hash: number) => groups.nameOf(hash) ?? `#${hash.toString(16).padStart(8, '0')}`;
      const sender = { name: packet.sender, incarnation: packet.incarnation };
      const body = decodeBody(packet.payload, { sender, groups: { nameOf } });
      return body.ok ? describeMessage(body.message) : ['its body cannot be read'];
    }
  }
}

function describeMessage(message: PeerMessage): string[] {
  const head = [
    `${message.kind === 'reply' ? 'reply to heartbeat' : 'heartbeat'} ${message.beat}`,
    message.wantsReply ? 'wants a reply' : '',
    message.drained ? 'drained' : '',
    message.leaving ? 'leaving' : '',
  ];
  return [head.filter(Boolean).join(', '), ...message.reports.map(describeReport)];
}

function describeReport(report: GroupReport): string {
  const { owner, ownerIncarnation: life, request, answer } = report;
  const when = (holds: boolean, words: string): string => (holds ? words : '');
  const facts = [
    report.role,
    report.term === 0 ? 'no term' : `term ${report.term} of ${plain(owner)} ${life}`,
    when(report.claimTerm !== 0, `claims term ${report.claimTerm}`),
    when(report.grants !== 0, `grants term ${report.grants}`),
    when(report.leaseMs !== 0, `lease ${report.leaseMs} ms${report.renounced ? ' renounced' : ''}`),
    when(report.deadtimeMs !== 0, `deadtime ${report.deadtimeMs} ms`),
    when(report.holdMs !== 0, `hold ${report.holdMs} ms`),
    when(report.handover !== 0, `handover ${report.handover}`),
    when(report.prepare !== '', `asks ${plain(report.prepare)} to prepare`),
    when(report.ready, 'ready'),
    when(report.yieldTo !== '', `yields to ${plain(report.yieldTo)} ${report.yieldToIncarnation}`),
    report.eligible ? 'eligible' : `not eligible (${plain(report.whyNot)})`,
    report.hasAddress ? 'has the address' : 'has no address',
    report.serving ? 'services run' : 'services do not run',
    when(
      report.maintenance.stamp > 0,
      `maintenance ${report.maintenance.on ? 'on' : 'off'}, change ${report.maintenance.stamp}`,
    ),
    when(report.cleanup !== null, `asks ${plain(report.cleanup?.node || 'every node')} to clean up`),
    when(report.cleanedUp !== '', 'has cleaned up'),
    request === null
      ? ''
      : `${request.kind} to ${plain(request.target)} asked by "${plain(request.by)}" (${request.id})`,
    answer === null
      ? ''
      : `request ${answer.id} ${answer.refusal ? `refused: ${plain(answer.refusal)}` : 'accepted'}`,
  ];
  return `group ${plain(report.group)}: ${facts.filter(Boolean).join(', ')}`;
}

function nonce(value: string): string {
  return value === NO_NONCE ? 'none yet' : value;
}

/** Captured text is a stranger's: nothing in it may steer the terminal. */
function plain(text: string): string {
  return text.replace(/\p{C}/gu, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
}
