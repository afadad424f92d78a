import { createHash } from 'node:crypto';

/** Long-lived keys; temporary ones carry a session token too. */
export interface AccessKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Milliseconds since the epoch. */
  readonly expiresAtMs: number;
}

export type KeyVerdict =
  | { readonly kind: 'caller'; readonly caller: string }
  | { readonly kind: 'expired'; readonly caller: string }
  | { readonly kind: 'unknown' };

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

/**
 * Hands out temporary keys and tells by an access key id who is calling. Signatures are not verified:
 * the emulator listens on loopback for the programs that the demo started itself.
 */
export class Credentials {
  readonly #nowMs: () => number;
  readonly #lifetimeMs: number;
  readonly #newest = new Map<string, AccessKeys>();
  readonly #callers = new Map<string, { readonly caller: string; readonly expiresAtMs: number }>();

  /** `longLived`: the caller by access key id, for keys that were agreed on beforehand and never expire. */
  constructor(options: {
    nowMs: () => number;
    lifetimeMs: number;
    longLived: Readonly<Record<string, string>>;
  }) {
    this.#nowMs = options.nowMs;
    this.#lifetimeMs = options.lifetimeMs;
    for (const [accessKeyId, caller] of Object.entries(options.longLived)) {
      this.#callers.set(accessKeyId, { caller, expiresAtMs: Number.POSITIVE_INFINITY });
    }
  }

  /** The keys of a caller; new ones when less than a twelfth of the old ones' life is left. */
  issue(caller: string): AccessKeys {
    const nowMs = this.#nowMs();
    const known = this.#newest.get(caller);
    if (known !== undefined && known.expiresAtMs - nowMs > this.#lifetimeMs / 12) return known;
    const seed = digest(`${caller}/${this.#callers.size}`);
    const keys: AccessKeys = {
      accessKeyId: `ASIA${seed.slice(0, 16).toUpperCase()}`,
      secretAccessKey: digest(`secret/${seed}`).slice(0, 40),
      sessionToken: digest(`token/${seed}`),
      expiresAtMs: nowMs + this.#lifetimeMs,
    };
    this.#newest.set(caller, keys);
    this.#callers.set(keys.accessKeyId, { caller, expiresAtMs: keys.expiresAtMs });
    return keys;
  }

  judge(accessKeyId: string): KeyVerdict {
    const found = this.#callers.get(accessKeyId);
    if (found === undefined) return { kind: 'unknown' };
    const kind = found.expiresAtMs <= this.#nowMs() ? 'expired' : 'caller';
    return { kind, caller: found.caller };
  }
}
