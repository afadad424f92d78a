import { timingSafeEqual } from 'node:crypto';
import type { HeartbeatKeys } from '../config/key.ts';
import type { Logger } from '../observability/logger.ts';
import { fingerprint, type KeyStatus } from '../wire/key-agreement.ts';

export interface KeyWatchOptions {
  /** From where the configuration says. Rejects when it cannot be had: the keys in use stay. */
  readonly read: () => Promise<HeartbeatKeys>;
  readonly status: () => KeyStatus;
  readonly use: (keys: HeartbeatKeys) => void;
  readonly log: Pick<Logger, 'info' | 'warn'>;
}

const LOOK_EVERY_MS = 1_000;
const READ_AGAIN_FIRST_MS = 4_000;
const READ_AGAIN_MOST_MS = 300_000;

/**
 * Reads the key again when the nodes seem not to agree on it: somebody signs with one that is not known here, or
 * there are two, or a peer has gone over to the second. So a change that is made at one node, or in the parameter,
 * reaches the others without a command on each. In quiet times nothing is read at all; a disagreement that lasts
 * is looked at less and less, at the least every five minutes.
 */
export class KeyWatch {
  readonly #options: KeyWatchOptions;
  #used: HeartbeatKeys;
  #evidence = '';
  #pauseMs = READ_AGAIN_FIRST_MS;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #reading = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: KeyWatchOptions, used: HeartbeatKeys) {
    this.#options = options;
    this.#used = used;
  }

  start(): void {
    this.#timer = setInterval(() => void this.look(), LOOK_EVERY_MS);
    this.#timer.unref();
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  /** These are in use, by a reload. */
  used(keys: HeartbeatKeys): void {
    this.#used = keys;
  }

  /** Never rejects. */
  async look(nowMs: number = performance.now()): Promise<void> {
    const status = this.#options.status();
    const evidence = disagreement(status);
    if (evidence !== this.#evidence) {
      this.#evidence = evidence;
      this.#pauseMs = READ_AGAIN_FIRST_MS;
      this.#readAtMs = Math.min(this.#readAtMs, nowMs - LOOK_EVERY_MS);
    } else if (nowMs - this.#readAtMs < this.#pauseMs) return;
    if (evidence === '' || this.#reading || nowMs - this.#readAtMs < LOOK_EVERY_MS) return;
    this.#readAtMs = nowMs;
    this.#pauseMs = Math.min(2 * this.#pauseMs, READ_AGAIN_MOST_MS);
    this.#reading = true;
    await this.#read().finally(() => {
      this.#reading = false;
    });
  }

  async #read(): Promise<void> {
    const { read, use, status, log } = this.#options;
    try {
      const keys = await read();
      if (same(keys.current, this.#used.current) && same(keys.previous, this.#used.previous)) return;
      use(keys);
      this.#used = keys;
      this.#pauseMs = READ_AGAIN_FIRST_MS;
      const { signing, other } = status();
      const also = other === null ? '' : `, ${fingerprint(other)} is accepted as well`;
      log.info(`the key of the heartbeats was read again: ${fingerprint(signing)} signs${also}`);
    } catch (error) {
      log.warn(
        `the nodes have different keys, and reading this node's again failed: ${(error as Error).message}`,
      );
    }
  }
}

/** '' where all is as it should be; else something that changes with what is seen. */
function disagreement({ signing, other, unknownSeen, peers }: KeyStatus): string {
  const strange = peers.filter((peer) => peer.signing !== null && peer.signing !== signing);
  if (other === null && !unknownSeen && strange.length === 0) return '';
  return JSON.stringify([other, unknownSeen, peers]);
}

function same(one: Uint8Array | null, two: Uint8Array | null): boolean {
  if (one === null || two === null) return one === two;
  return one.length === two.length && timingSafeEqual(one, two);
}
