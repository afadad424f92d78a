import { GUARD_LEAD_MS } from '../core/guarded-end.ts';
import type { Daemon, Machine } from './machine.ts';
import type { World } from './world.ts';

/** Less than any time that matters: sums of fractions do not come out even. */
const ROUNDING_MS = 1e-6;

/** As the daemon tells its guard: after each step, before what the step asks for is done. */
export function tellGuards(world: World, machine: Machine, daemon: Daemon): void {
  const at = machine.clock.at(world.nowMs);
  machine.guards.forEach((guard, index) => {
    const group = world.terrain.groups[index];
    if (group?.kind !== 'exclusive') return;
    const told = world.core.guardedEnd(daemon.state, group.name);
    if (told === null) return;
    if (told.kind === 'stopped') {
      guard.deadlineMs = null;
      guard.firesMs = Number.POSITIVE_INFINITY;
      return;
    }
    const endsMs = told.ownMs - GUARD_LEAD_MS;
    if (guard.deadlineMs === machine.clock.boottimeOf(endsMs)) return;
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
