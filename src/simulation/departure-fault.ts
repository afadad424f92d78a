import type { OwnDeparture } from '../core/events.ts';
import type { Fault } from './fault.ts';
import type { Machine } from './machine.ts';
import { powerOff } from './machine-faults.ts';
import type { World } from './world.ts';

/** From this amount on the notice is of a known time, below it a recommendation. */
const IMMINENT_FROM = 2;
/** From this amount on the machine does go, in the middle of the fault, and another comes in its place at the end. */
const GOES_FROM = 3;

/** When the power goes; null: the notice is withdrawn instead. */
export const goesAtMs = ({ amount, atMs, durationMs }: Fault): number | null =>
  amount >= GOES_FROM ? atMs + durationMs / 2 : null;

/** EC2 says that it will take the machine. */
export function announceDeparture(world: World, machine: Machine, fault: Fault): () => void {
  const grade = fault.amount >= IMMINENT_FROM ? 'imminent' : 'advised';
  tell(world, machine, { grade, why: `simulated: EC2 takes ${machine.name} (${grade})` });
  let over = false;
  let restore: (() => void) | null = null;
  const atMs = goesAtMs(fault);
  if (atMs !== null) {
    world.at(atMs, () => {
      if (!over) restore = powerOff(world, machine, 0);
    });
  }
  return () => {
    over = true;
    tell(world, machine, { grade: 'none', why: '' });
    restore?.();
  };
}

function tell(world: World, machine: Machine, departure: OwnDeparture): void {
  machine.departure = departure;
  world.tellDeparture(machine);
}
