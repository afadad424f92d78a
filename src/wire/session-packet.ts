import type { Incarnation, NodeName } from '../core/types.ts';

/** Sixteen hexadecimal digits, drawn at random by the side that wants to be answered afresh. */
export type Nonce = string;

/** Stands where a greeting cannot know the other side's nonce yet. */
export const NO_NONCE: Nonce = '0000000000000000';

interface PacketHeader {
  readonly sender: NodeName;
  readonly receiver: NodeName;
  /** The sender's. */
  readonly incarnation: Incarnation;
  /** The sender's EC2 instance id, at most 63 bytes. */
  readonly instanceId: string;
  /** Which of the configured paths it was sent on, from 0. */
  readonly path: number;
  readonly senderNonce: Nonce;
  readonly receiverNonce: Nonce;
}

/**
 * What travels between two nodes. `M` is the payload of a message: bytes in the daemon, a plain PeerMessage in
 * the simulator.
 */
export type SessionPacket<M> = PacketHeader &
  (
    | { readonly kind: 'greeting' }
    | { readonly kind: 'challenge' }
    /** `sequence` rises by one per session and path, from 1. */
    | { readonly kind: 'message'; readonly sequence: number; readonly payload: M }
    /** The sender's name belongs to a living node on the instance `takenBy`. */
    | { readonly kind: 'rejection'; readonly takenBy: string }
  );

export type PacketKind = SessionPacket<unknown>['kind'];
