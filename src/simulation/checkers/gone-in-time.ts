import { goesAtMs } from '../departure-fault.ts';
import type { Fault } from '../fault.ts';
import type { World } from '../world.ts';
import type { Checker, Report } from './checker.ts';

/** The cluster has settled and faults of before have no effect any more. */
const QUIET_LEAST_MS = 20_000;
/** A handover that meets no obstacle: preparing, a read, the create. */
const HANDOVER_MS = 5_000;

/** Rule 20: with nothing else wrong, a machine that EC2 takes leads nothing any more when it goes. */
export class GoneInTime implements Checker {
  readonly #report: Report;
  readonly #faults: readonly Fault[];
  #world: World | null = null;

  constructor(report: Report, faults: readonly Fault[]) {
    this.#report = report;
    this.#faults = faults;
  }

  attach(world: World): void {
    this.#world = world;
  }

  faultBegins(fault: Fault): void {
    if (fault.class !== 'departure') return;
    const atMs = goesAtMs(fault);
    const world = this.#world as World;
    if (atMs === null) return;
    const quietMs = Math.max(
      QUIET_LEAST_MS,
      ...world.terrain.groups.map(({ timings }) => 4 * timings.leaseMs),
    );
    const enough = world.terrain.groups.every(
      ({ timings }) => atMs - fault.atMs > HANDOVER_MS + 2 * timings.deadtimeMs,
    );
    if (!enough || fault.atMs < quietMs || !this.#isQuiet(fault, atMs, quietMs)) return;
    // Before the power goes, which is planned for the same moment.
    world.at(atMs - 1, () => this.#judge(fault.node));
  }

  #isQuiet(departure: Fault, untilMs: number, quietMs: number): boolean {
    return this.#faults.every(
      (fault) =>
        fault === departure ||
        fault.atMs > untilMs ||
        fault.atMs + fault.durationMs < departure.atMs - quietMs,
    );
  }

  #judge(node: number): void {
    const world = this.#world as World;
    const machine = world.machines[node];
    if (machine?.daemon == null) return;
    for (const { name } of world.terrain.groups) {
      if (!world.core.hasAuthority(machine.daemon.state, name, machine.clock.at(world.nowMs))) continue;
      const what = `${machine.name} goes in a millisecond and still leads ${name}`;
      this.#report({ rule: '20', atMs: world.nowMs, what });
    }
  }
}
