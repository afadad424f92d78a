import type { PeerMessage } from '../core/message.ts';
import type { GroupName, Incarnation, Millis, NodeName } from '../core/types.ts';
import type { KeyRing } from './authenticator.ts';
import type { KeyStatus } from './key-agreement.ts';
import type { FrameFault } from './packet.ts';
import type { SessionDrop, SessionTimings } from './session-contract.ts';

export interface ReceivedMessage {
  readonly from: NodeName;
  readonly incarnation: Incarnation;
  readonly path: number;
  /**
   * Reports on all groups in the usual case; when many carry something unusual, several messages of the same
   * beat come, each about some of them. Groups that this node does not have are left out.
   */
  readonly message: PeerMessage;
  /** `performance.now()` when the datagram was taken from its socket. */
  readonly receivedAtMs: Millis;
}

export interface TransportHandlers {
  onMessage(received: ReceivedMessage): void;
  /** A living node elsewhere has this node's name. Called at most once. */
  onNameTaken(instanceId: string): void;
}

/** An IP address, not a host name: heartbeats never wait for DNS. */
export interface UdpAddress {
  readonly address: string;
  readonly port: number;
}

/** One address a path, in the same order on all nodes. This node's own entry is ignored. */
export type PeerAddresses = Readonly<Record<NodeName, readonly UdpAddress[]>>;

export interface LinkStatus extends UdpAddress {
  readonly peer: NodeName;
  readonly path: number;
  /** The peer and this node agreed on a session, on whichever path. */
  readonly open: boolean;
  /** How long ago this path brought something; null: not since the start. */
  readonly heardMsAgo: number | null;
  /** Smoothed; from a heartbeat to its reply, so with the peer's turn in it. null: nothing was replied yet. */
  readonly rttMs: number | null;
  /** How long ago its newest sample came: only who starts, claims or leads asks for replies. null as `rttMs` is. */
  readonly rttMsAgo: number | null;
  /** Why what came last from there was not believed; '' when it was, or nothing came. */
  readonly problem: string;
  readonly sent: number;
  readonly received: number;
  /** Sequences that never arrived or arrived too late to count. */
  readonly lost: number;
}

export type DropReason =
  | FrameFault
  | SessionDrop
  | 'malformed'
  /** Signed with a key that this node does not have. */
  | 'unknown-key'
  | 'bad-signature';

export interface TransportCounters {
  /** Messages handed up, datagrams and bytes of all kinds. */
  readonly messagesReceived: number;
  readonly datagramsReceived: number;
  readonly bytesReceived: number;
  readonly datagramsSent: number;
  readonly bytesSent: number;
  readonly dropped: Readonly<Record<DropReason, number>>;
  /** By the system's code (ENETUNREACH, …), `queue-full`, or `unencodable`. */
  readonly sendFailures: Readonly<Record<string, number>>;
}

/** Carries messages between nodes that proved who they are. */
export interface Transport {
  /** Rejects with a TransportError that names address and port and says what to do. */
  start(handlers: TransportHandlers): Promise<void>;
  /** On every path when `path` is null. Never throws: what cannot be sent is counted. */
  send(to: NodeName, path: number | null, message: PeerMessage): void;
  /** Throws for a key that is too short; the keys in use stay. */
  setKeys(keys: KeyRing): void;
  /** Sessions with peers that stay are kept. Throws for what is not an IP address; nothing changes then. */
  setPeers(peers: PeerAddresses): void;
  /** Throws when two names cannot be told apart on the wire; nothing changes then. */
  setGroups(groups: readonly GroupName[]): void;
  setTimings(timings: SessionTimings): void;
  links(): LinkStatus[];
  /** Which keys are in use here and, as far as it can be seen, at the peers. */
  keys(): KeyStatus;
  /** The instance that the peer's session runs on, by its own signed word; null: not heard since the start. */
  instanceIdOf(peer: NodeName): string | null;
  /** How long ago a peer last said that this node's name belongs to another instance; null: never. */
  refusedMsAgo(): number | null;
  counters(): TransportCounters;
  /** May be called at any time, more than once. */
  close(): Promise<void>;
}
