import type { AddressHolder, Millis, NodeName } from './types.ts';

export type MoveKind = 'take' | 'take-free' | 'release';

export interface AddressState {
  /** The last reading that is believed, or the effect of an own successful move; null: nothing known. */
  holder: AddressHolder | null;
  associationId: string;
  /** By that reading, some of the group's several addresses are here although the holder is another. */
  partlyHere: boolean;
  /** When that reading was begun. */
  begunMs: Millis;
  /** When the last describe that succeeded was begun, believed or not. */
  okBegunMs: Millis;
  /** Last failure of an EC2 call; -Infinity after a success. */
  failedMs: Millis;
  readingId: number | null;
  move: {
    readonly kind: MoveKind;
    readonly begunMs: Millis;
    /** The association that this move ends. One that is read while it is on its way may be newer than it. */
    readonly endsAssociationId: string;
    /** null: the call ended at its deadline, its effect is unknown until a reading from `tellingId` on. */
    callId: number | null;
    /** Ids count up: the first call that was begun after that deadline. By the clock it may look older. */
    tellingId: number;
  } | null;
  /** A move that was abandoned may still land before then, whatever a reading showed. */
  doubtUntilMs: Millis;
  /** The last own successful association. */
  own: { readonly associationId: string; readonly atMs: Millis } | null;
  /** Associations that an own move ended: a reading that shows one of them is stale. */
  readonly superseded: string[];
  retryMs: Millis;
  /** Moves that failed since the last that succeeded. */
  moveFailures: number;
  nextLookMs: Millis;
  /** When it was last restored from a foreign interface. */
  foreignRestoredMs: Millis;
  /** Said once per change, not at every look. */
  complaint: string;
}

export const isHolder = (holder: AddressHolder | null, node: NodeName): boolean =>
  holder?.kind === 'node' && holder.node === node;
