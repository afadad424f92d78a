import type { Incarnation } from '../core/types.ts';
import type { Machine } from './machine.ts';
import type { Packet } from './network.ts';
import type { World } from './world.ts';

/**
 * A copy of a machine is started, with its name and its key (rule 17). It has an address of its own, where only
 * refusals reach it: all else goes to the configured one. Its core is not simulated: it is refused for a deadtime
 * and ends long before it would claim anything.
 */
export function startTwin(world: World, machine: Machine): () => void {
  const { mail, terrain } = world;
  const incarnation = mail.random.hex16() as Incarnation;
  const session = mail.open(machine, incarnation, `${machine.instanceId}-twin`);
  let over = false;
  const perform = (outputs: ReturnType<typeof session.greet>): void => {
    for (const output of outputs) {
      if (output.type === 'transmit') mail.transmit(machine, output.packet, hear);
      if (output.type !== 'name-taken' || over) continue;
      over = true;
      world.dropped(machine, 'copy-refused');
      for (const observer of world.observers) {
        observer.machineChanged?.(machine, `its copy exits 78: ${output.saidBy} says that the name is taken`);
      }
    }
  };
  const hear: Packet['answer'] = (packet) => {
    if (!over) perform(session.receive(world.nowMs, packet));
  };
  const greet = (): void => {
    if (over) return;
    perform(session.greet(world.nowMs));
    world.after(terrain.keepaliveMs, greet);
  };
  greet();
  return () => {
    over = true;
  };
}
