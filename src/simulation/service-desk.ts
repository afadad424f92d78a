import type { CallResult } from '../core/events.ts';
import type { Machine, OpenCall } from './machine.ts';
import type { Prng } from './prng.ts';
import type { ServiceModel } from './service-model.ts';
import type { World } from './world.ts';

const CHECK_MS = 5;
/** Starting what runs, or stopping what does not, is quick. */
const NOTHING_TO_DO_MS = 10;
const RETRY_WHILE_STANDING_MS = 50;
/** A stop that hangs is ended by SIGKILL when this share of its time is used. */
const KILL_AT = 0.8;

/** Starts, stops and checks the services of the machines as their resource adapters would. */
export class ServiceDesk {
  readonly #world: World;
  readonly #random: Prng;

  constructor(world: World, random: Prng) {
    this.#world = world;
    this.#random = random;
  }

  perform(call: OpenCall): void {
    const services = call.machine.services[call.group] as ServiceModel;
    const { nowMs, queue } = this.#world;
    const lastsMs = this.#lastsMs(call, services);
    const endsMs = Number.isFinite(lastsMs) ? services.actionEndsMs(nowMs, lastsMs) : lastsMs;
    if (endsMs >= call.deadlineMs) queue.push(call.deadlineMs, { type: 'call-expires', call });
    if (!Number.isFinite(endsMs)) return;
    const { epoch } = services;
    this.#world.at(endsMs, () => this.#finish(call, services, epoch));
  }

  #lastsMs(call: OpenCall, services: ServiceModel): number {
    const { serviceStart, serviceStop } = this.#world.terrain;
    switch (call.effect.type) {
      case 'start-services':
        return services.well
          ? NOTHING_TO_DO_MS
          : services.startLastsMs(this.#random, serviceStart.leastMs, serviceStart.mostMs);
      case 'stop-services':
        if (!services.running) return NOTHING_TO_DO_MS;
        if (!this.#random.chance(services.troubles.stopHangs)) {
          return this.#random.between(serviceStop.leastMs, serviceStop.mostMs);
        }
        // Even SIGKILL does not help a process that hangs in the kernel.
        return this.#random.chance(0.5) ? call.effect.deadlineMs * KILL_AT : Number.POSITIVE_INFINITY;
      default:
        return this.#random.chance(services.troubles.checkHangs) ? Number.POSITIVE_INFINITY : CHECK_MS;
    }
  }

  #finish(call: OpenCall, services: ServiceModel, epoch: number): void {
    if (services.epoch !== epoch) return;
    if (call.machine.standing) {
      this.#world.after(RETRY_WHILE_STANDING_MS, () => this.#finish(call, services, epoch));
      return;
    }
    this.#world.answer(call, this.#outcome(call, services));
  }

  #outcome(call: OpenCall, services: ServiceModel): CallResult {
    const { machine, group } = call;
    switch (call.effect.type) {
      case 'start-services':
        if (!services.well && this.#random.chance(services.troubles.startFails)) {
          // One that was sick has been stopped for its restart.
          this.#world.setServices(machine, group, false, 'died');
          return { type: 'services-failed', reason: 'simulated: the start failed', resource: 0 };
        }
        if (this.#guardHasFired(machine, group)) {
          return { type: 'services-failed', reason: 'simulated: the guard killed it', resource: 0 };
        }
        services.sick = false;
        this.#world.setServices(machine, group, true, 'started');
        return { type: 'services-started' };
      case 'stop-services':
        this.#world.setServices(machine, group, false, 'stopped');
        return { type: 'services-stopped' };
      default:
        return { type: 'services-state', running: services.well };
    }
  }

  /** What starts after the end of authority that the guard was told is killed at once. */
  #guardHasFired(machine: Machine, group: number): boolean {
    if (this.#world.terrain.groups[group]?.kind !== 'exclusive') return false;
    const deadlineMs = machine.guards[group]?.deadlineMs ?? null;
    return deadlineMs === null || deadlineMs <= machine.clock.boottimeMs(this.#world.nowMs);
  }
}
