import type { Fault } from '../fault.ts';
import type { Machine } from '../machine.ts';
import type { ServiceCause } from '../observer.ts';
import type { World } from '../world.ts';
import type { Checker, Report } from './checker.ts';

/**
 * S2 and S5 for `exclusive` groups: never two copies of the services, and no daemon in health lets its guard
 * do what its own stop should have done before. What stands still on a suspended machine is no running copy;
 * its guard kills it as it wakes.
 */
export class SingleCopy implements Checker {
  readonly #report: Report;
  #world: World | null = null;
  /** How many faults hinder the daemon or its services now, and until when the last one may still be felt. */
  #hindrances: number[] = [];
  #hinderedMs: number[] = [];
  readonly #clocksStopped = new Set<number>();

  constructor(report: Report) {
    this.#report = report;
  }

  attach(world: World): void {
    this.#world = world;
    this.#hindrances = world.machines.map(() => 0);
    this.#hinderedMs = world.machines.map(() => Number.NEGATIVE_INFINITY);
  }

  faultBegins(fault: Fault): void {
    if (fault.class === 'clocks-stop') this.#clocksStopped.add(fault.node);
    if (HINDRANCES.has(fault.class)) (this.#hindrances[fault.node] as number)++;
  }

  faultEnds(fault: Fault): void {
    if (!HINDRANCES.has(fault.class)) return;
    const world = this.#world as World;
    const stopMs = Math.max(...world.terrain.groups.map(({ timings }) => timings.stopTimeoutMs));
    (this.#hindrances[fault.node] as number)--;
    this.#hinderedMs[fault.node] = world.nowMs + 2 * stopMs;
  }

  servicesChanged(machine: Machine, group: number, cause: ServiceCause): void {
    const world = this.#world as World;
    if (world.terrain.groups[group]?.kind !== 'exclusive') return;
    if (cause === 'guard') this.#guardActed(machine);
    if (machine.services[group]?.running !== true) return;
    for (const other of world.machines) {
      if (other === machine || other.standing || other.services[group]?.running !== true) continue;
      if (this.#clocksStopped.has(machine.index) || this.#clocksStopped.has(other.index)) continue;
      const what = `the services of group ${group} run on ${machine.name} and on ${other.name}`;
      this.#report({ rule: 'S2 copies', atMs: world.nowMs, what });
    }
  }

  #guardActed(machine: Machine): void {
    const world = this.#world as World;
    if (machine.daemon === null || (this.#hindrances[machine.index] as number) > 0) return;
    if (world.nowMs < (this.#hinderedMs[machine.index] as number)) return;
    const what = `the guard of ${machine.name} had to kill what a healthy daemon should have stopped`;
    this.#report({ rule: 'S5 guard', atMs: world.nowMs, what });
  }
}

const HINDRANCES: ReadonlySet<string> = new Set([
  'crash',
  'freeze',
  'stall',
  'suspend',
  'clocks-stop',
  'reboot',
  'power-off',
  'replace',
  'stop-hangs',
  'stop-hold',
  'stop-leave',
]);
