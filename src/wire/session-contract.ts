/** What the session machine is given and what it asks for, as data. */
import type { Incarnation, Millis, NodeName } from '../core/types.ts';
import type { Nonce, SessionPacket } from './session-packet.ts';

export interface SessionOptions {
  readonly self: NodeName;
  readonly incarnation: Incarnation;
  readonly instanceId: string;
  readonly peers: readonly NodeName[];
  /** How many paths there are to every peer; at least 1. */
  readonly pathCount: number;
  readonly timings: SessionTimings;
  /** Sixteen hexadecimal digits that nobody can foresee. */
  readonly randomNonce: () => Nonce;
}

export interface SessionTimings {
  readonly keepaliveMs: number;
  /** The longest of all groups: how long a silent node keeps its name, and how long a challenge can be answered. */
  readonly deadtimeMs: number;
}

export type SessionDrop =
  | 'wrong-receiver'
  | 'unknown-sender'
  | 'wrong-path'
  /** A message under nonces that were never, or are no longer, those of a session: a replay, or a restart. */
  | 'stale-session'
  /** On this path an equal or later sequence was accepted before. */
  | 'duplicate'
  /** Another instance with this name lives. */
  | 'name-taken'
  | 'unexpected-challenge'
  | 'unexpected-rejection';

export type SessionOutput<M> =
  /** `source`: to where the packet just received came from; else to the peer's configured address. */
  | { readonly type: 'transmit'; readonly packet: SessionPacket<M>; readonly via: 'configured' | 'source' }
  | {
      readonly type: 'deliver';
      readonly from: NodeName;
      readonly incarnation: Incarnation;
      readonly path: number;
      readonly payload: M;
      /** How many sequences were skipped on this path. */
      readonly missed: number;
    }
  /** A live node with our name exists: this daemon must not run. */
  | { readonly type: 'name-taken'; readonly takenBy: string; readonly saidBy: NodeName }
  /** A second instance asked for the name of a live peer and was turned away. */
  | {
      readonly type: 'impostor';
      readonly peer: NodeName;
      readonly instanceId: string;
      readonly incumbent: string;
    }
  | { readonly type: 'dropped'; readonly reason: SessionDrop };

export interface SessionStatus {
  readonly peer: NodeName;
  /** There are nonces under which the peer hears us, as far as is known. */
  readonly open: boolean;
  readonly heardAtMs: Millis | null;
  readonly incarnation: Incarnation | null;
  readonly instanceId: string | null;
  /** When it last said that our name belongs to another instance; null: never. */
  readonly refusedAtMs: Millis | null;
}
