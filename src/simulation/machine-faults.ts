import type { Machine } from './machine.ts';
import type { World } from './world.ts';

/** What can happen to a process or its machine. Each function does it and returns what ends it. */
type Undo = () => void;

/** From power to a running daemon. */
const BOOT_MS = 3_000;

/** SIGKILL; systemd does not bring it back before the fault is over. */
export function killDaemon(world: World, machine: Machine): Undo {
  machine.heldDown++;
  world.endDaemon(machine, 'daemon is killed');
  return () => {
    machine.heldDown--;
    world.startDaemon(machine);
  };
}

/** SIGSTOP, or an event loop that does not turn: nothing is read, no timer fires; the socket fills up. */
export function haltProcess(world: World, machine: Machine): Undo {
  const { daemon } = machine;
  if (daemon === null) return () => {};
  daemon.frozen++;
  return () => {
    daemon.frozen--;
    if (machine.daemon === daemon) world.resume(machine);
  };
}

/** The power goes: services die, the address stays where it is, EC2 notices after `noticedMs`. */
export function powerOff(world: World, machine: Machine, noticedMs: number): Undo {
  return goDown(world, machine, noticedMs);
}

/** The same, and what comes back is another instance with the same network interface and an empty disk. */
export function replaceInstance(world: World, machine: Machine, noticedMs: number): Undo {
  const comeBack = powerOff(world, machine, noticedMs);
  return () => {
    machine.instanceId = `i-${world.random.hex16()}`;
    machine.disk = null;
    for (const observer of world.observers) observer.machineChanged?.(machine, 'another instance');
    comeBack();
  };
}

/** EC2 calls a machine that reboots running all the time. */
export function reboot(world: World, machine: Machine): Undo {
  return goDown(world, machine, null);
}

function goDown(world: World, machine: Machine, noticedMs: number | null): Undo {
  machine.heldDown++;
  machine.powered = false;
  machine.standing = false;
  world.endDaemon(machine, 'daemon ends with the power');
  machine.services.forEach((services, group) => {
    world.setServices(machine, group, false, 'power');
    services.powerLost();
  });
  for (const guard of machine.guards) {
    guard.deadlineMs = null;
    guard.firesMs = Number.POSITIVE_INFINITY;
  }
  if (noticedMs !== null) setCondition(machine, 'stopped', world.nowMs + noticedMs);
  return () => {
    if (noticedMs !== null) setCondition(machine, 'running', world.nowMs);
    world.after(BOOT_MS, () => boot(world, machine));
  };
}

function boot(world: World, machine: Machine): void {
  machine.heldDown--;
  if (!machine.powered) machine.clock.booted(world.nowMs, world.random.between(0, 1_000));
  machine.powered = true;
  if (world.terrain.servicesAtBoot) {
    for (let group = 0; group < machine.services.length; group++) {
      world.setServices(machine, group, true, 'started');
    }
  }
  world.startDaemon(machine);
}

function setCondition(machine: Machine, condition: 'running' | 'stopped', visibleMs: number): void {
  machine.conditionBefore =
    visibleMs > machine.conditionVisibleMs ? machine.condition : machine.conditionBefore;
  machine.condition = condition;
  machine.conditionVisibleMs = visibleMs;
}

/** The hypervisor stops the machine; `suspended`: boottime runs on, `stopped`: no clock does. */
export function standStill(world: World, machine: Machine, how: 'suspended' | 'stopped'): Undo {
  if (machine.standing || !machine.powered) return () => {};
  machine.standing = true;
  machine.clock.stand(world.nowMs, how);
  for (const observer of world.observers) observer.machineChanged?.(machine, 'machine stands still');
  return () => {
    if (!machine.standing) return;
    machine.standing = false;
    machine.clock.run(world.nowMs);
    for (const observer of world.observers) observer.machineChanged?.(machine, 'machine runs again');
    world.resume(machine);
    world.startDaemon(machine);
  };
}
