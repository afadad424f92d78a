import type { Prng } from './prng.ts';

/** Probabilities and slowness of the services of one node. */
export interface ServiceTroubles {
  startFails: number;
  startExtraMs: number;
  stopHangs: number;
  checkHangs: number;
}

/**
 * The resources of one group on one machine, the address apart. They are processes of their own: they outlive
 * the daemon, stand still with the machine and die with its power. Actions are done one at a time.
 */
export class ServiceModel {
  running: boolean;
  /** It runs and does not do its work, until it is started again. */
  sick = false;
  readonly troubles: ServiceTroubles = { startFails: 0, startExtraMs: 0, stopHangs: 0, checkHangs: 0 };
  #busyUntilMs = Number.NEGATIVE_INFINITY;
  /** Rises when the machine loses its power, so that an action of before has no effect. */
  epoch = 0;

  constructor(running: boolean) {
    this.running = running;
  }

  /** When an action that is asked for now will be over. */
  actionEndsMs(nowMs: number, lastsMs: number): number {
    this.#busyUntilMs = Math.max(nowMs, this.#busyUntilMs) + lastsMs;
    return this.#busyUntilMs;
  }

  get well(): boolean {
    return this.running && !this.sick;
  }

  startLastsMs(random: Prng, leastMs: number, mostMs: number): number {
    const extraMs = this.troubles.startExtraMs > 0 ? random.next() * this.troubles.startExtraMs : 0;
    return random.between(leastMs, mostMs) + extraMs;
  }

  powerLost(): void {
    this.running = false;
    this.sick = false;
    this.epoch++;
    this.#busyUntilMs = Number.NEGATIVE_INFINITY;
  }
}
