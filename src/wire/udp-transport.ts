import { randomBytes } from 'node:crypto';
import type { RemoteInfo } from 'node:dgram';
import { isIP } from 'node:net';
import type { PeerMessage } from '../core/message.ts';
import type { GroupName, Incarnation, Millis, NodeName } from '../core/types.ts';
import { Authenticator, type KeyRing, type Signer } from './authenticator.ts';
import { DropLog, type WireLog } from './drop-log.ts';
import { GroupTable } from './group-table.ts';
import { KeyAgreement, type KeyStatus } from './key-agreement.ts';
import { LinkMeter } from './link-meter.ts';
import { LinkRefusals } from './link-refusals.ts';
import { decodeBody, encodeBodies } from './message-body.ts';
import { bodyCapacity, decodePacket, encodePacket, openFrame } from './packet.ts';
import { Session } from './session.ts';
import type { SessionOutput, SessionTimings } from './session-contract.ts';
import { NO_NONCE, type SessionPacket } from './session-packet.ts';
import type {
  DropReason,
  LinkStatus,
  PeerAddresses,
  Transport,
  TransportCounters,
  TransportHandlers,
  UdpAddress,
} from './transport.ts';
import { UdpSocket } from './udp-socket.ts';
import { WireCounters } from './wire-counters.ts';

export interface UdpTransportOptions {
  readonly self: { readonly name: NodeName; readonly incarnation: Incarnation; readonly instanceId: string };
  /** What to bind, one a path. */
  readonly paths: readonly UdpAddress[];
  readonly peers: PeerAddresses;
  readonly groups: readonly GroupName[];
  readonly keys: KeyRing;
  readonly timings: SessionTimings;
  readonly log: WireLog;
}

/** Where a datagram came from, and when. */
interface Arrival {
  readonly path: number;
  readonly source: UdpAddress;
  readonly atMs: Millis;
  /** Of the key that it was signed with; null: it was not believed. */
  readonly keyHint: number | null;
}

/**
 * Heartbeats over UDP, one socket a path. A datagram is believed for its signature, never for its address;
 * answers go to the configured address. Without a valid signature nothing is sent, remembered or allocated.
 */
export class UdpTransport implements Transport {
  readonly #options: UdpTransportOptions;
  readonly #session: Session<Uint8Array>;
  readonly #meter = new LinkMeter();
  readonly #counters = new WireCounters();
  readonly #dropLog: DropLog;
  readonly #refusals = new LinkRefusals();
  readonly #agreement = new KeyAgreement();
  readonly #sockets: readonly UdpSocket[];
  #authenticator: Authenticator;
  #groups: GroupTable;
  #peers: PeerAddresses = {};
  #handlers: TransportHandlers | null = null;
  #nameTaken = false;

  /** Throws for a key that is too short, a peer without an IP address, groups that cannot be told apart. */
  constructor(options: UdpTransportOptions) {
    const { self, paths, timings } = options;
    this.#options = options;
    this.#authenticator = new Authenticator(options.keys);
    this.#groups = new GroupTable(options.groups);
    this.#dropLog = new DropLog(options.log);
    this.#session = new Session({
      self: self.name,
      incarnation: self.incarnation,
      instanceId: self.instanceId,
      peers: [],
      pathCount: paths.length,
      timings,
      randomNonce: () => randomBytes(8).toString('hex'),
    });
    this.#sockets = paths.map(
      (local, path) =>
        new UdpSocket(local, {
          onDatagram: (bytes, from) => this.#receive(bytes, path, from),
          onSendFailure: (code) => this.#counters.sendFailed(code),
        }),
    );
    this.setPeers(options.peers);
  }

  async start(handlers: TransportHandlers): Promise<void> {
    try {
      for (const socket of this.#sockets) await socket.open();
    } catch (error) {
      await this.close();
      throw error;
    }
    this.#handlers = handlers;
    this.#perform(this.#session.greet(performance.now()), null);
  }

  send(to: NodeName, path: number | null, message: PeerMessage): void {
    const { self } = this.#options;
    const nowMs = performance.now();
    const capacity = bodyCapacity({ sender: self.name, receiver: to, instanceId: self.instanceId });
    try {
      const bodies = encodeBodies(message, { sender: self, groups: this.#groups, capacity });
      if (message.kind === 'heartbeat') this.#meter.noteBeat(to, message.beat, nowMs);
      this.#perform(this.#session.send(nowMs, to, path, bodies), null);
      // With replies too: a node that leads nothing sends hardly anything else.
      this.#probeOtherKey(to, nowMs);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#counters.sendFailed('unencodable');
      this.#dropLog.note('unencodable', nowMs, { peer: to, error: error.message });
    }
  }

  setKeys(keys: KeyRing): void {
    const before = this.#authenticator.other?.hint;
    this.#authenticator = new Authenticator(keys);
    if (this.#authenticator.other?.hint !== before) this.#agreement.forgetProofs();
  }

  keys(): KeyStatus {
    const { hint: signing, other } = this.#authenticator;
    return this.#agreement.status(performance.now(), { signing, other: other?.hint ?? null });
  }

  setGroups(groups: readonly GroupName[]): void {
    this.#groups = new GroupTable(groups);
  }

  setTimings(timings: SessionTimings): void {
    this.#session.setTimings(timings);
  }

  setPeers(peers: PeerAddresses): void {
    const others = Object.entries(peers).filter(([name]) => name !== this.#options.self.name);
    for (const [name, addresses] of others) {
      const wrong = addresses.find(({ address }) => isIP(address) === 0);
      if (wrong !== undefined) {
        throw new Error(
          `The node ${name} has "${wrong.address}" where an IP address is needed. The peers stay as they were. Heartbeats do not wait for DNS: write the private address.`,
        );
      }
    }
    this.#peers = Object.fromEntries(others);
    this.#refusals.setPeers(this.#peers);
    const names = others.map(([name]) => name);
    this.#session.setPeers(names);
    this.#agreement.setPeers(names);
    this.#meter.forgetAllBut(new Set(names));
    if (this.#handlers !== null) this.#perform(this.#session.greet(performance.now()), null);
  }

  links(): LinkStatus[] {
    const nowMs = performance.now();
    const open = new Map(this.#session.status().map((status) => [status.peer, status.open]));
    return Object.entries(this.#peers).flatMap(([peer, addresses]) =>
      addresses.slice(0, this.#sockets.length).map((remote, path) => {
        const { heardAtMs, rttMs, rttAtMs, sent, received, lost } = this.#meter.link(peer, path);
        const heardMsAgo = heardAtMs === null ? null : nowMs - heardAtMs;
        return {
          peer,
          path,
          ...remote,
          open: open.get(peer) ?? false,
          heardMsAgo,
          rttMs,
          rttMsAgo: rttAtMs === null ? null : nowMs - rttAtMs,
          problem: this.#refusals.of(peer, path, heardAtMs),
          sent,
          received,
          lost,
        };
      }),
    );
  }

  instanceIdOf(peer: NodeName): string | null {
    return this.#session.status().find((status) => status.peer === peer)?.instanceId ?? null;
  }

  refusedMsAgo(): number | null {
    const times = this.#session.status().flatMap(({ refusedAtMs }) => refusedAtMs ?? []);
    return times.length === 0 ? null : performance.now() - Math.max(...times);
  }

  counters(): TransportCounters {
    return this.#counters.snapshot();
  }

  async close(): Promise<void> {
    this.#handlers = null;
    await Promise.all(this.#sockets.map((socket) => socket.close()));
  }

  #receive(bytes: Uint8Array, path: number, from: RemoteInfo): void {
    const arrival = { path, source: from, atMs: performance.now(), keyHint: null };
    if (this.#handlers === null) return;
    this.#counters.received(bytes.length);
    const opened = openFrame(bytes);
    if (!opened.ok) return this.#drop(opened.reason, arrival);
    const verdict = this.#authenticator.verify(opened.frame);
    if (verdict !== 'ok') return this.#drop(verdict, arrival);
    const decoded = decodePacket(bytes);
    if (!decoded.ok) return this.#drop(decoded.reason, arrival);
    // Otherwise a datagram recorded on one path could be replayed on another.
    if (decoded.packet.path !== path) return this.#drop('wrong-path', arrival);
    const { packet } = decoded;
    const isAnswer = packet.kind === 'challenge' && packet.receiver === this.#options.self.name;
    if (isAnswer && this.#agreement.takeAnswer(packet.sender, packet.receiverNonce, arrival.atMs)) return;
    this.#perform(this.#session.receive(arrival.atMs, packet), {
      ...arrival,
      keyHint: opened.frame.keyHint,
    });
  }

  #probeOtherKey(receiver: NodeName, nowMs: Millis): void {
    const signer = this.#authenticator.other;
    const senderNonce = signer === null ? null : this.#agreement.probe(receiver, nowMs);
    if (signer === null || senderNonce === null) return;
    const { name: sender, incarnation, instanceId } = this.#options.self;
    const nonces = { senderNonce, receiverNonce: NO_NONCE };
    for (const path of this.#sockets.keys()) {
      const greeting = {
        kind: 'greeting',
        sender,
        receiver,
        incarnation,
        instanceId,
        path,
        ...nonces,
      } as const;
      this.#transmit(greeting, undefined, signer);
    }
  }

  #perform(outputs: readonly SessionOutput<Uint8Array>[], arrival: Arrival | null): void {
    for (const output of outputs) {
      switch (output.type) {
        case 'transmit':
          this.#transmit(output.packet, output.via === 'source' ? arrival?.source : undefined);
          break;
        case 'deliver':
          if (arrival !== null) this.#deliver(output, arrival);
          break;
        case 'name-taken':
          if (!this.#nameTaken) this.#handlers?.onNameTaken(output.takenBy);
          this.#nameTaken = true;
          break;
        case 'impostor':
          this.#counters.dropped('name-taken');
          this.#note('impostor', arrival, output);
          break;
        case 'dropped':
          this.#drop(output.reason, arrival);
      }
    }
  }

  #transmit(
    packet: SessionPacket<Uint8Array>,
    source: UdpAddress | undefined,
    signer: Signer = this.#authenticator,
  ): void {
    const target = source ?? this.#peers[packet.receiver]?.[packet.path];
    const socket = this.#sockets[packet.path];
    if (target === undefined || socket === undefined) return;
    const bytes = encodePacket(packet, signer);
    if (packet.kind === 'message') this.#meter.noteSent(packet.receiver, packet.path);
    this.#counters.sent(bytes.length);
    socket.send(bytes, target);
  }

  #deliver(output: SessionOutput<Uint8Array> & { type: 'deliver' }, arrival: Arrival): void {
    const { from, incarnation, path, payload, missed } = output;
    const body = decodeBody(payload, { sender: { name: from, incarnation }, groups: this.#groups });
    if (!body.ok) return this.#drop('malformed', arrival);
    const { message } = body;
    this.#counters.delivered();
    if (arrival.keyHint !== null) this.#agreement.noteSigned(from, arrival.keyHint);
    this.#meter.noteReceived({ peer: from, path }, missed, arrival.atMs);
    if (message.kind === 'reply') this.#meter.noteReply({ peer: from, path }, message.beat, arrival.atMs);
    this.#handlers?.onMessage({ from, incarnation, path, message, receivedAtMs: arrival.atMs });
  }

  #drop(reason: DropReason, arrival: Arrival | null): void {
    this.#counters.dropped(reason);
    if (arrival !== null) {
      const { path, source, atMs } = arrival;
      const isConfigured = this.#refusals.note(reason, { path, address: source.address }, atMs);
      if (isConfigured && reason === 'unknown-key') this.#agreement.noteUnknown(atMs);
    }
    this.#note(reason, arrival, {});
  }

  #note(reason: DropReason | 'impostor', arrival: Arrival | null, fields: object): void {
    if (arrival === null) return;
    const { path, source, atMs } = arrival;
    this.#dropLog.note(reason, atMs, { ...fields, path, address: source.address, port: source.port });
  }
}
