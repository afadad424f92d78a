import { randomBytes } from 'node:crypto';
import type { Millis, NodeName } from '../core/types.ts';
import type { Nonce } from './session-packet.ts';

/** What is known of the keys of the cluster, in fingerprints: the hints that every datagram carries openly. */
export interface KeyStatus {
  readonly signing: number;
  /** The second key, accepted as well; null: there is none. */
  readonly other: number | null;
  /** Something signed with a key that this node does not have came from a configured address, lately. */
  readonly unknownSeen: boolean;
  readonly peers: readonly {
    readonly peer: NodeName;
    /** What it signed last with; null: nothing was accepted of it. */
    readonly signing: number | null;
    /** It has answered, lately, what was signed with the second key. */
    readonly acceptsOther: boolean;
  }[];
}

/** How a hint is written: four hexadecimal digits. */
export const fingerprint = (hint: number): string => hint.toString(16).padStart(4, '0');

const PROBE_EVERY_MS = 1_000;
/** Three probes or their answers may be lost. */
const LATELY_MS = 5_000;

interface PeerKeys {
  signing: number | null;
  probe: { readonly nonce: Nonce; readonly sentAtMs: Millis } | null;
  acceptedAtMs: Millis;
}

/**
 * Finds out, while there are two keys, which peers accept the second one: a greeting that is signed with it
 * changes nothing and is answered by who accepts it. So a key is put to use only when nobody would be deaf to it.
 */
export class KeyAgreement {
  #peers = new Map<NodeName, PeerKeys>();
  #unknownAtMs: Millis = Number.NEGATIVE_INFINITY;

  setPeers(names: readonly NodeName[]): void {
    this.#peers = new Map(names.map((name) => [name, this.#peers.get(name) ?? newPeer()]));
  }

  /** Another second key, or none: what was proven of the one before counts for nothing. */
  forgetProofs(): void {
    for (const peer of this.#peers.values()) {
      peer.probe = null;
      peer.acceptedAtMs = Number.NEGATIVE_INFINITY;
    }
  }

  /** The nonce of a greeting that is to be sent now; null: not yet. */
  probe(name: NodeName, nowMs: Millis): Nonce | null {
    const peer = this.#peers.get(name);
    if (peer === undefined || nowMs - (peer.probe?.sentAtMs ?? Number.NEGATIVE_INFINITY) < PROBE_EVERY_MS) {
      return null;
    }
    peer.probe = { nonce: randomBytes(8).toString('hex'), sentAtMs: nowMs };
    return peer.probe.nonce;
  }

  /** Whether this challenge answers a probe; the session must not see it then. */
  takeAnswer(name: NodeName, nonce: Nonce, nowMs: Millis): boolean {
    const peer = this.#peers.get(name);
    if (peer?.probe?.nonce !== nonce) return false;
    peer.acceptedAtMs = nowMs;
    return true;
  }

  noteSigned(name: NodeName, hint: number): void {
    const peer = this.#peers.get(name);
    if (peer !== undefined) peer.signing = hint;
  }

  noteUnknown(nowMs: Millis): void {
    this.#unknownAtMs = nowMs;
  }

  status(nowMs: Millis, own: { readonly signing: number; readonly other: number | null }): KeyStatus {
    return {
      ...own,
      unknownSeen: nowMs - this.#unknownAtMs < LATELY_MS,
      peers: [...this.#peers].map(([peer, { signing, acceptedAtMs }]) => ({
        peer,
        signing,
        acceptsOther: own.other !== null && nowMs - acceptedAtMs < LATELY_MS,
      })),
    };
  }
}

const newPeer = (): PeerKeys => ({ signing: null, probe: null, acceptedAtMs: Number.NEGATIVE_INFINITY });
