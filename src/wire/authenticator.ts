import { Buffer } from 'node:buffer';
import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import { TAG_BYTES } from './packet.ts';

/**
 * The keys of a cluster. `current` signs; both are accepted. A rotation is three reloads: the new key as
 * `previous` everywhere, then the two swapped everywhere, then the old one dropped everywhere. No order of the
 * nodes within one of these steps loses a datagram.
 */
export interface KeyRing {
  readonly current: Uint8Array;
  readonly previous: Uint8Array | null;
}

export interface Signer {
  /** Two bytes derived from the key: which key to check with, and a plain word when the keys differ. */
  readonly hint: number;
  sign(bytes: Uint8Array): Uint8Array;
}

export type Verdict = 'ok' | 'unknown-key' | 'bad-signature';

interface Key {
  readonly secret: KeyObject;
  readonly hint: number;
}

const MIN_KEY_BYTES = 16;

/** Signs with the current key and checks against all that are valid, in constant time. */
export class Authenticator implements Signer {
  readonly #keys: readonly [Key, ...Key[]];

  /** Throws when a key is shorter than 16 bytes. */
  constructor(ring: KeyRing) {
    this.#keys = ring.previous === null ? [toKey(ring.current)] : [toKey(ring.current), toKey(ring.previous)];
  }

  get hint(): number {
    return this.#keys[0].hint;
  }

  /** Signs with the second key, to find out who accepts it; null: there is none. */
  get other(): Signer | null {
    const [, key] = this.#keys;
    return key === undefined ? null : { hint: key.hint, sign: (bytes) => tagOf(key.secret, bytes) };
  }

  sign(bytes: Uint8Array): Uint8Array {
    return tagOf(this.#keys[0].secret, bytes);
  }

  /** At most two keys are tried, and none whose hint differs: a flood costs little. */
  verify(frame: {
    readonly keyHint: number;
    readonly signed: Uint8Array;
    readonly tag: Uint8Array;
  }): Verdict {
    const candidates = this.#keys.filter((key) => key.hint === frame.keyHint);
    if (candidates.length === 0) return 'unknown-key';
    if (frame.tag.length !== TAG_BYTES) return 'bad-signature';
    const matches = candidates.some((key) => timingSafeEqual(tagOf(key.secret, frame.signed), frame.tag));
    return matches ? 'ok' : 'bad-signature';
  }
}

function toKey(bytes: Uint8Array): Key {
  if (bytes.length < MIN_KEY_BYTES) {
    throw new Error(
      `The cluster key has ${bytes.length} bytes; at least ${MIN_KEY_BYTES} are needed. Nothing was started. Make a new one with "eipkeeper keygen" and put it on every node.`,
    );
  }
  const secret = createSecretKey(Buffer.from(bytes));
  const digest = createHmac('sha256', secret).update('eipkeeper key hint').digest();
  return { secret, hint: digest.readUInt16BE(0) };
}

function tagOf(secret: KeyObject, bytes: Uint8Array): Buffer {
  return createHmac('sha256', secret).update(bytes).digest().subarray(0, TAG_BYTES);
}
