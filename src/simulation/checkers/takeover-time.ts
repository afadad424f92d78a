import type { TermRecord } from '../../core/types.ts';
import { type Fault, goesOff } from '../fault.ts';
import type { Terrain } from '../terrain.ts';
import type { World } from '../world.ts';
import type { Checker, Report } from './checker.ts';

/** At the usual timings faults end, leases are renounced and moves settle within this time. */
const QUIET_LEAST_MS = 20_000;
/** Heartbeat phase, timers and the program's own share. */
const SLACK_MS = 250;
const RANK_MS = 100;

/**
 * L1: when the leader dies and nothing else is wrong, somebody leads within d(1+2ρ) + 2T + EC2, plus rank. A
 * group that saw two takeovers waits longer (rule 15) and is not judged.
 */
export class TakeoverTime implements Checker {
  readonly #report: Report;
  readonly #faults: readonly Fault[];
  #world: World | null = null;
  #takeovers: number[] = [];
  #createdMs: number[] = [];

  constructor(report: Report, faults: readonly Fault[]) {
    this.#report = report;
    this.#faults = faults;
  }

  attach(world: World): void {
    this.#world = world;
    this.#takeovers = world.terrain.groups.map(() => 0);
    this.#createdMs = world.terrain.groups.map(() => Number.NEGATIVE_INFINITY);
  }

  termCreated(group: number, record: TermRecord): void {
    if (record.reason === 'takeover') (this.#takeovers[group] as number)++;
    this.#createdMs[group] = (this.#world as World).nowMs;
  }

  faultBegins(fault: Fault): void {
    if (fault.class !== 'crash' && !goesOff(fault)) return;
    const world = this.#world as World;
    for (const [group, { name, timings }] of world.terrain.groups.entries()) {
      const machine = world.machines[fault.node];
      if (machine?.daemon == null || (this.#takeovers[group] as number) >= 2) continue;
      if (!world.core.hasAuthority(machine.daemon.state, name, machine.clock.at(world.nowMs))) continue;
      const boundMs = this.#boundMs(group);
      const quietMs = Math.max(
        QUIET_LEAST_MS,
        2 * (timings.leaseMs + longestDeadtimeMs(world.terrain, group)),
      );
      if (fault.durationMs < boundMs || !this.#isQuiet(fault, boundMs, quietMs)) continue;
      if (world.nowMs - (this.#createdMs[group] as number) < quietMs) continue;
      world.after(boundMs, () => this.#judge(group, fault.node, boundMs));
    }
  }

  #boundMs(group: number): number {
    const { groups, cloudReads, witness, names } = (this.#world as World).terrain;
    const { witnessTimeoutMs } = groups[group]?.timings ?? { witnessTimeoutMs: 0 };
    // The dead leader's promise lasts as its own file says, the wait of the others as theirs do.
    const deadtimeMs = longestDeadtimeMs((this.#world as World).terrain, group);
    const witnessMs = Math.max(2 * witnessTimeoutMs, 2 * witness.mostMs);
    // With clocks of 1 % either way the waiter may be as slow as the holder was fast.
    // Judged is the lead, which needs EC2's description but not the move.
    return deadtimeMs * 1.04 + witnessMs + 2 * cloudReads.mostMs + RANK_MS * names.length + SLACK_MS;
  }

  #isQuiet(crash: Fault, boundMs: number, quietMs: number): boolean {
    return this.#faults.every(
      (fault) =>
        fault === crash ||
        fault.atMs > crash.atMs + boundMs ||
        fault.atMs + fault.durationMs < crash.atMs - quietMs,
    );
  }

  #judge(group: number, dead: number, boundMs: number): void {
    const world = this.#world as World;
    const { name } = world.terrain.groups[group] as { name: string };
    const leads = world.machines.some(
      (machine) =>
        machine.index !== dead &&
        machine.daemon !== null &&
        world.core.hasAuthority(machine.daemon.state, name, machine.clock.at(world.nowMs)),
    );
    if (leads) return;
    const what = `${world.terrain.names[dead]} died and nobody leads ${name} ${Math.round(boundMs)} ms later`;
    this.#report({ rule: 'L1', atMs: world.nowMs, what });
  }
}

function longestDeadtimeMs({ groups, configs }: Terrain, group: number): number {
  const all = [groups, ...Object.values(configs).map((config) => config.groups)];
  return Math.max(...all.map((each) => each[group]?.timings.deadtimeMs ?? 0));
}
