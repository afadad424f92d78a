import type { GroupConfig, TermRecord } from '../../core/types.ts';
import type { Fault } from '../fault.ts';
import type { Machine } from '../machine.ts';
import type { World } from '../world.ts';
import type { Checker, Report } from './checker.ts';

const QUIET_MS = 20_000;
/** PROTOCOL: a planned restart is waited for so long. */
const HOLD_MS = 15_000;
/** A heartbeat, timers and the program's own share. */
const SLACK_MS = 200;
/** From its start to its first heartbeat that is believed. */
const GREETING_MS = 100;

/**
 * Rule 13: a leader that restarts within deadtime, or under a hold, keeps the group, when nothing else is wrong.
 * Judged where the address is with it and nothing happened for a while before. After a crash it adopts what it
 * led: it leads again as soon as the two readings and the create that this takes are through.
 */
export class RestartStays implements Checker {
  readonly #report: Report;
  readonly #faults: readonly Fault[];
  #world: World | null = null;
  /** The leaders that are restarting, per group: until when nobody may take over. */
  #restarting: { name: string; untilMs: number }[] = [];
  #createdMs: number[] = [];

  constructor(report: Report, faults: readonly Fault[]) {
    this.#report = report;
    this.#faults = faults;
  }

  attach(world: World): void {
    this.#world = world;
    this.#restarting = world.terrain.groups.map(() => ({ name: '', untilMs: 0 }));
    this.#createdMs = world.terrain.groups.map(() => Number.NEGATIVE_INFINITY);
  }

  faultBegins(fault: Fault): void {
    if (fault.class !== 'crash' && fault.class !== 'stop-hold') return;
    const world = this.#world as World;
    const machine = world.machines[fault.node];
    if (machine?.daemon == null || Object.keys(world.terrain.configs).length > 0) return;
    const at = machine.clock.at(world.nowMs);
    for (const [index, { name, kind, timings }] of world.terrain.groups.entries()) {
      if (!world.core.hasAuthority(machine.daemon.state, name, at)) continue;
      if (world.desk.addresses[index]?.now.holder !== machine.index) continue;
      // Nothing exclusive runs on without its daemon: such a node leaves instead.
      const held = fault.class === 'stop-hold' && kind === 'address';
      const patienceMs = held ? HOLD_MS : timings.deadtimeMs - 2 * world.terrain.keepaliveMs;
      if (fault.class === 'stop-hold' && !held) continue;
      if (fault.durationMs + GREETING_MS > patienceMs || !this.#isQuiet(fault)) continue;
      if (world.nowMs - (this.#createdMs[index] as number) < QUIET_MS) continue;
      if (!held) this.#expectBack(index, fault);
      this.#restarting[index] = {
        name: machine.name,
        untilMs: world.nowMs + fault.durationMs + timings.deadtimeMs,
      };
    }
  }

  termCreated(group: number, record: TermRecord): void {
    const world = this.#world as World;
    this.#createdMs[group] = world.nowMs;
    const { name, untilMs } = this.#restarting[group] as { name: string; untilMs: number };
    if (record.reason !== 'takeover' || record.owner === name || world.nowMs > untilMs) return;
    const what = `${record.owner} takes the lead from ${name}, which only restarts`;
    this.#report({ rule: 'rule 13', atMs: world.nowMs, what });
  }

  #expectBack(group: number, { node, durationMs }: Fault): void {
    const world = this.#world as World;
    const { witness, cloudReads, groups, diskLost } = world.terrain;
    const { name, timings } = groups[group] as GroupConfig;
    // A call that takes as long as its deadline, or a file that is lost, costs more than this.
    if (witness.mostMs > timings.witnessTimeoutMs / 2 || diskLost > 0) return;
    const adoptsMs = Math.max(witness.mostMs, cloudReads.mostMs) + witness.mostMs + SLACK_MS;
    if (adoptsMs >= timings.deadtimeMs) return;
    world.after(durationMs + adoptsMs, () => {
      const machine = world.machines[node] as Machine;
      const { daemon } = machine;
      if (daemon === null || world.core.hasAuthority(daemon.state, name, machine.clock.at(world.nowMs)))
        return;
      const what = `${machine.name} restarted and does not lead ${name} again ${Math.round(adoptsMs)} ms later`;
      this.#report({ rule: 'rule 13', atMs: world.nowMs, what });
    });
  }

  #isQuiet(restart: Fault): boolean {
    return this.#faults.every(
      (fault) =>
        fault === restart ||
        fault.atMs > restart.atMs + restart.durationMs + QUIET_MS ||
        fault.atMs + fault.durationMs < restart.atMs - QUIET_MS,
    );
  }
}
