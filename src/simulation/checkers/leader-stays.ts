import type { Note } from '../../core/notes.ts';
import type { TermRecord } from '../../core/types.ts';
import type { Fault } from '../fault.ts';
import { EVERY, HEARTBEAT_PATH } from '../fault.ts';
import type { Machine } from '../machine.ts';
import type { ServiceCause } from '../observer.ts';
import type { World } from '../world.ts';
import type { Checker, Report } from './checker.ts';

/**
 * L2: while only the heartbeat path is hurt, and in `address` groups the witness fails and returns, the leader
 * stays. Looks only at schedules in which nothing else is planned, and only at leaders that have settled.
 */
export class LeaderStays implements Checker {
  readonly #report: Report;
  readonly #applies: boolean;
  #world: World | null = null;
  #leaders: { owner: string; sinceMs: number }[] = [];
  /** Groups that are being handed over, for which an exclusive service stops on purpose. */
  readonly #handedOver = new Set<number>();

  constructor(report: Report, faults: readonly Fault[], exclusive: boolean) {
    this.#report = report;
    this.#applies = faults.every(
      (fault) =>
        HEARTBEAT_PATH.has(fault.class) ||
        // A leader that alone cannot reach the witness has lost more than its heartbeats.
        (!exclusive && fault.class === 'witness-down' && fault.node === EVERY),
    );
  }

  attach(world: World): void {
    this.#world = world;
    this.#leaders = world.terrain.groups.map(() => ({ owner: '', sinceMs: 0 }));
  }

  noted(_machine: Machine, note: Note): void {
    if (note.type === 'handover-started') {
      this.#handedOver.add((this.#world as World).groupIndex(note.group));
    }
  }

  /** A leader that stays and yet stops what it should run has not stayed. */
  servicesChanged(machine: Machine, group: number, cause: ServiceCause): void {
    const world = this.#world as World;
    const leader = this.#leaders[group] as { owner: string; sinceMs: number };
    if (!this.#applies || cause !== 'stopped' || this.#handedOver.has(group)) return;
    // Until everybody was heard once, a single node has nobody's word and leads on leases from the start.
    if (
      leader.owner !== machine.name ||
      world.nowMs < Math.max(...world.terrain.startsMs) + world.terrain.initdeadMs
    )
      return;
    const what = `${machine.name} stops the services that it leads`;
    this.#report({ rule: 'L2', atMs: world.nowMs, what });
  }

  termCreated(group: number, record: TermRecord): void {
    // A leader that was about to yield when the path broke loses to the one that it wanted to have it.
    const handedOver = this.#handedOver.delete(group);
    if (!this.#applies) return;
    const world = this.#world as World;
    const leader = this.#leaders[group] as { owner: string; sinceMs: number };
    if (leader.owner === record.owner) return;
    const settled = leader.owner !== '' && world.nowMs - leader.sinceMs > 5 * world.terrain.keepaliveMs;
    if (settled && !handedOver && record.reason !== 'switchover') {
      const what = `${record.owner} took term ${record.term} (${record.reason}) from ${leader.owner}, which lives`;
      this.#report({ rule: 'L2', atMs: world.nowMs, what });
    }
    this.#leaders[group] = { owner: record.owner, sinceMs: world.nowMs };
  }
}
