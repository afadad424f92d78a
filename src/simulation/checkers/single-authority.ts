import type { TermRecord } from '../../core/types.ts';
import type { Fault } from '../fault.ts';
import type { Machine } from '../machine.ts';
import type { World } from '../world.ts';
import type { Checker, Report } from './checker.ts';

/** PROTOCOL, Timing: a lease is doubled up to this. */
const LEASE_MOST_MS = 10_000;
/** A clock may be so much slower than the virtual one. */
const CLOCK_RATE = 1.02;

/**
 * S2: never two nodes with authority at once. Exempt are forced failovers of `address` groups, and a machine
 * whose clocks both stood still, until it has no authority although the answers of before would be over.
 *
 * Authority is gained only by a step and lost only by time, so it is enough to look at the others when a step
 * finds it where it was not before.
 */
export class SingleAuthority implements Checker {
  readonly #report: Report;
  #world: World | null = null;
  #held: boolean[][] = [];
  /** Machines whose clocks stood still and that did not notice yet, per group. */
  #tainted: Set<number>[] = [];
  /** When what such a machine sent before is surely over, also what its socket held meanwhile. */
  readonly #answersEndMs = new Map<number, number>();
  /** The terms that an operator forced, per group. */
  #forced: number[][] = [];

  constructor(report: Report) {
    this.#report = report;
  }

  attach(world: World): void {
    this.#world = world;
    this.#held = world.terrain.groups.map(() => world.machines.map(() => false));
    this.#forced = world.terrain.groups.map(() => []);
    this.#tainted = world.terrain.groups.map(() => new Set());
  }

  faultBegins(fault: Fault): void {
    if (fault.class !== 'clocks-stop') return;
    for (const tainted of this.#tainted) tainted.add(fault.node);
  }

  faultEnds(fault: Fault): void {
    if (fault.class !== 'clocks-stop') return;
    const { nowMs, terrain } = this.#world as World;
    const files = [terrain, ...Object.values(terrain.configs)];
    const timings = files.flatMap(({ groups }) => groups.map((group) => group.timings));
    const longestMs = Math.max(LEASE_MOST_MS, ...timings.flatMap((each) => [each.deadtimeMs, each.leaseMs]));
    this.#answersEndMs.set(fault.node, nowMs + CLOCK_RATE * longestMs);
  }

  termCreated(group: number, record: TermRecord): void {
    if (record.reason === 'forced') this.#forced[group]?.push(record.term);
  }

  machineChanged(machine: Machine): void {
    // Whatever a daemon that has ended believed ends with it.
    if (machine.daemon !== null) return;
    for (const held of this.#held) held[machine.index] = false;
    for (const tainted of this.#tainted) tainted.delete(machine.index);
  }

  stepped(machine: Machine): void {
    const held = this.#held;
    for (let group = 0; group < held.length; group++) {
      const has = this.#has(machine, group);
      const had = (held[group] as boolean[])[machine.index];
      (held[group] as boolean[])[machine.index] = has;
      if (has && !had) this.#compare(machine, group);
      else if (!has && !machine.standing && this.#answersAreOver(machine)) {
        this.#tainted[group]?.delete(machine.index);
      }
    }
  }

  #answersAreOver({ index }: Machine): boolean {
    return (this.#world as World).nowMs >= (this.#answersEndMs.get(index) ?? Number.NEGATIVE_INFINITY);
  }

  #compare(machine: Machine, group: number): void {
    const world = this.#world as World;
    for (const other of world.machines) {
      if (other === machine || other.daemon === null) continue;
      const has = this.#has(other, group);
      (this.#held[group] as boolean[])[other.index] = has;
      const tainted = this.#tainted[group] as Set<number>;
      if (!has || tainted.has(other.index) || tainted.has(machine.index)) continue;
      if (this.#overlapIsForced(machine, other, group)) continue;
      const terms = [machine, other].map((one) => `${one.name} (term ${this.#term(one, group)})`);
      this.#report({
        rule: 'S2',
        atMs: world.nowMs,
        what: `authority over one group: ${terms.join(' and ')}`,
      });
    }
  }

  #overlapIsForced(one: Machine, other: Machine, group: number): boolean {
    const world = this.#world as World;
    if (world.terrain.groups[group]?.kind !== 'address') return false;
    const terms = [this.#term(one, group), this.#term(other, group)];
    const older = Math.min(...terms);
    const newer = Math.max(...terms);
    return this.#forced[group]?.some((term) => term > older && term <= newer) ?? false;
  }

  #term(machine: Machine, group: number): number {
    const world = this.#world as World;
    const name = world.terrain.groups[group]?.name as string;
    return machine.daemon === null ? 0 : world.core.view(machine.daemon.state, name).term;
  }

  #has(machine: Machine, group: number): boolean {
    const world = this.#world as World;
    if (machine.daemon === null) return false;
    const name = (world.terrain.groups[group] as { name: string }).name;
    return world.core.hasAuthority(machine.daemon.state, name, machine.clock.at(world.nowMs));
  }
}
