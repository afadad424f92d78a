import type { Daemon, Machine } from './machine.ts';
import type { World } from './world.ts';

/** Less than any time that matters: sums of fractions do not come out even. */
const ROUNDING_MS = 1e-6;

/** After each step the guards of exclusive groups hear when authority ends; silence leaves the last word standing. */
export function tellGuards(world: World, machine: Machine, daemon: Daemon): void {
  const at = machine.clock.at(world.nowMs);
  machine.guards.forEach((guard, index) => {
    const group = world.terrain.groups[index];
    if (group?.kind !== 'exclusive') return;
    const endsMs = world.core.authorityEndsMs(daemon.state, group.name, at);
    if (endsMs === null) return;
    guard.deadlineMs = machine.clock.boottimeOf(endsMs);
    guard.firesMs = machine.clock.virtualOf(endsMs - at.suspendedMs);
  });
}

/** Kills the services whose deadline has passed in boottime; the others are told their new virtual time. */
export function fireGuards(world: World, machine: Machine): void {
  const { nowMs } = machine.clock.at(world.nowMs);
  const boottimeMs = machine.clock.boottimeMs(world.nowMs);
  machine.guards.forEach((guard, group) => {
    if (guard.deadlineMs === null) return;
    // A suspension brings the end nearer in virtual time than it looked when the guard was told.
    if (guard.deadlineMs > boottimeMs + ROUNDING_MS) {
      guard.firesMs = machine.clock.virtualOf(nowMs + guard.deadlineMs - boottimeMs);
      return;
    }
    guard.firesMs = Number.POSITIVE_INFINITY;
    world.setServices(machine, group, false, 'guard');
  });
}
