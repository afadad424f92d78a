import type { Command } from '../core/events.ts';
import type { CoreConfig, NodeName } from '../core/types.ts';
import type { Fault } from './fault.ts';
import { isHalted, type Machine } from './machine.ts';
import { configOf, type Terrain } from './terrain.ts';
import type { World } from './world.ts';

/** How long the operator of a simulated cluster waits for its leader. */
const FORGET_TIMEOUT_MS = 5_000;

/** What the file of a machine says just now. */
export function fileOf(terrain: Terrain, machine: Machine): CoreConfig {
  const { groups, ...rest } = configOf(terrain, machine.index);
  const listed = (names: readonly NodeName[]) => names.filter((name) => !machine.unlisted.includes(name));
  return {
    self: machine.name,
    nodes: listed(terrain.names),
    ...rest,
    groups: groups.map((group) => ({ ...group, nodes: listed(group.nodes) })),
  };
}

/** `eipkeeper reload`; a daemon that does not run reads it when it does. */
export function readFileAgain(world: World, machine: Machine): void {
  const { daemon } = machine;
  machine.fileUnread = daemon === null || isHalted(machine);
  if (daemon === null || machine.fileUnread) return;
  const config = fileOf(world.terrain, machine);
  world.mail.setPeers(machine, daemon, config.nodes);
  world.step(machine, { type: 'reload', at: machine.clock.at(world.nowMs), config });
}

/** An operator takes a node out of one file and reads it in; later he notices. */
export function takeOutOfFile(world: World, machine: Machine, fault: Fault): () => void {
  const name = world.terrain.names[fault.other] as NodeName;
  machine.unlisted.push(name);
  readFileAgain(world, machine);
  return () => {
    machine.unlisted.splice(machine.unlisted.indexOf(name), 1);
    readFileAgain(world, machine);
  };
}

/** He does not know who leads, so he types it everywhere. */
export function forgetNode(world: World, machine: Machine, tell: (to: Machine, what: Command) => void): void {
  for (const other of world.machines) {
    if (other === machine) continue;
    const id = world.random.hex16();
    const timeoutMs = FORGET_TIMEOUT_MS;
    tell(other, { type: 'forget', id, node: machine.name, by: 'simulated operator', timeoutMs });
  }
}
