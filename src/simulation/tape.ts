import type { Packet } from './network.ts';
import type { Prng } from './prng.ts';

/** Some ten seconds of messages, and the handshakes and every so many-th message of much longer. */
const LATELY = 512;
const LONG_AGO = 512;
const KEPT_EVERY = 37;

/** What somebody who listens on the wire has written down, lost datagrams included, to send it again later. */
export class Tape {
  readonly #lately: Packet[] = [];
  readonly #longAgo: Packet[] = [];
  #count = 0;
  #kept = 0;

  record(datagram: Packet): void {
    this.#lately[this.#count++ % LATELY] = datagram;
    if (datagram.packet.kind !== 'message' || this.#count % KEPT_EVERY === 0) {
      this.#longAgo[this.#kept++ % LONG_AGO] = datagram;
    }
  }

  /** Any of them; undefined when nothing was ever sent. */
  pick(random: Prng): Packet | undefined {
    const from = random.chance(0.5) ? this.#lately : this.#longAgo;
    return from.length === 0 ? undefined : random.pick(from);
  }
}
