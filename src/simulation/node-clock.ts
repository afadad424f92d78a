import type { Instant } from '../core/events.ts';

/**
 * The clocks of one machine: CLOCK_MONOTONIC with a rate of its own and an arbitrary zero, and how far
 * CLOCK_BOOTTIME has run ahead of it. A suspended machine's monotonic clock stands still while boottime runs;
 * a hypervisor may also stop both, which no protocol can notice.
 */
export class NodeClock {
  readonly rate: number;
  #virtualMs = 0;
  #localMs: number;
  #suspendedMs = 0;
  /** What was suspended before the daemon of now started. */
  #suspendedBeforeMs = 0;
  #standing: 'no' | 'suspended' | 'stopped' = 'no';

  /** `rate`: local milliseconds that pass in one virtual millisecond. */
  constructor(rate: number, zeroMs: number) {
    this.rate = rate;
    this.#localMs = zeroMs;
  }

  at(virtualMs: number): Instant {
    const passedMs = (virtualMs - this.#virtualMs) * this.rate;
    switch (this.#standing) {
      case 'no':
        return { nowMs: this.#localMs + passedMs, suspendedMs: this.#suspendedMs };
      case 'suspended':
        return { nowMs: this.#localMs, suspendedMs: this.#suspendedMs + passedMs };
      case 'stopped':
        return { nowMs: this.#localMs, suspendedMs: this.#suspendedMs };
    }
  }

  /** When a running clock will show `localMs`. */
  virtualOf(localMs: number): number {
    return this.#virtualMs + (localMs - this.#localMs) / this.rate;
  }

  stand(virtualMs: number, how: 'suspended' | 'stopped'): void {
    this.#rebase(virtualMs);
    this.#standing = how;
  }

  run(virtualMs: number): void {
    this.#rebase(virtualMs);
    this.#standing = 'no';
  }

  /** `suspendedMs` counts from the start of a daemon. */
  daemonStarted(virtualMs: number): void {
    this.#rebase(virtualMs);
    this.#suspendedBeforeMs += this.#suspendedMs;
    this.#suspendedMs = 0;
  }

  /** CLOCK_BOOTTIME, which is the same for everything on the machine. */
  boottimeMs(virtualMs: number): number {
    const { nowMs, suspendedMs } = this.at(virtualMs);
    return nowMs + suspendedMs + this.#suspendedBeforeMs;
  }

  /** What the running daemon calls own time, as boottime. */
  boottimeOf(ownMs: number): number {
    return ownMs + this.#suspendedBeforeMs;
  }

  /** A boot gives both clocks a new zero. */
  booted(virtualMs: number, zeroMs: number): void {
    this.#virtualMs = virtualMs;
    this.#localMs = zeroMs;
    this.#suspendedMs = 0;
    this.#suspendedBeforeMs = 0;
    this.#standing = 'no';
  }

  #rebase(virtualMs: number): void {
    const { nowMs, suspendedMs } = this.at(virtualMs);
    this.#virtualMs = virtualMs;
    this.#localMs = nowMs;
    this.#suspendedMs = suspendedMs;
  }
}
