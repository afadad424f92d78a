import type { CallResult } from '../core/events.ts';
import type { NodeName } from '../core/types.ts';
import type { CallBounds } from './bounded-call.ts';

/** An address that EC2 keeps on one network interface at a time, and that this node can move to its own. */
export interface MovableAddress {
  /** As the configuration names it, for messages: "eipalloc-…", "203.0.113.10", "10.0.0.50". */
  readonly label: string;
  /** Answers 'address-reading', or 'failed' ('gone': there is no such address any more). */
  describe(bounds: CallBounds): Promise<CallResult>;
  /** Whoever has it loses it. Answers 'address-moved' or 'failed'. */
  take(bounds: CallBounds): Promise<CallResult>;
  /** Only when nobody has it: answers 'address-moved', 'address-taken' or 'failed'. */
  takeFree(bounds: CallBounds): Promise<CallResult>;
  /** Whether an association is one of this address: the ids of `describe` and of the moves. */
  recognises(associationId: string): boolean;
  /** Dissolves exactly this association. Answers 'address-released', also when it was over before, or 'failed'. */
  release(associationId: string, bounds: CallBounds): Promise<CallResult>;
}

/** Where an address goes: an interface of this instance and the private address on it. */
export interface AssociationTarget {
  readonly networkInterfaceId: string;
  readonly privateAddress: string;
}

/** Which configured node has this interface or this private address; null: none. */
export type FindNode = (
  networkInterfaceId: string,
  privateAddress: string,
  instanceId: string,
) => NodeName | null;
