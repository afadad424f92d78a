import type { DropReason, TransportCounters } from './transport.ts';

const NONE_DROPPED: Readonly<Record<DropReason, number>> = {
  oversized: 0,
  'too-short': 0,
  'not-ours': 0,
  version: 0,
  malformed: 0,
  'unknown-key': 0,
  'bad-signature': 0,
  'wrong-receiver': 0,
  'unknown-sender': 0,
  'wrong-path': 0,
  'stale-session': 0,
  duplicate: 0,
  'name-taken': 0,
  'unexpected-challenge': 0,
  'unexpected-rejection': 0,
};

/** Every reason is there from the start, with 0: a metric that appears late cannot be told from a first fault. */
export class WireCounters {
  readonly #dropped = { ...NONE_DROPPED };
  readonly #sendFailures: Record<string, number> = {};
  #messagesReceived = 0;
  #datagramsReceived = 0;
  #bytesReceived = 0;
  #datagramsSent = 0;
  #bytesSent = 0;

  received(bytes: number): void {
    this.#datagramsReceived += 1;
    this.#bytesReceived += bytes;
  }

  delivered(): void {
    this.#messagesReceived += 1;
  }

  sent(bytes: number): void {
    this.#datagramsSent += 1;
    this.#bytesSent += bytes;
  }

  dropped(reason: DropReason): void {
    this.#dropped[reason] += 1;
  }

  sendFailed(code: string): void {
    this.#sendFailures[code] = (this.#sendFailures[code] ?? 0) + 1;
  }

  snapshot(): TransportCounters {
    return {
      messagesReceived: this.#messagesReceived,
      datagramsReceived: this.#datagramsReceived,
      bytesReceived: this.#bytesReceived,
      datagramsSent: this.#datagramsSent,
      bytesSent: this.#bytesSent,
      dropped: { ...this.#dropped },
      sendFailures: { ...this.#sendFailures },
    };
  }
}
