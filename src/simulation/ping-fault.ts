import type { Reach } from '../core/message.ts';
import { EVERY, type Fault } from './fault.ts';
import type { Machine } from './machine.ts';
import type { World } from './world.ts';

/** How many the simulated nodes watch, from the first fault of this class on. */
const PING_NODES = 3;

export function reachOf(pingsLost: readonly number[]): Reach {
  const lost = pingsLost.reduce((sum, count) => sum + count, 0);
  return { reached: Math.max(0, PING_NODES - lost), of: PING_NODES };
}

/** `amount` of the ping nodes, rounded down, do not answer a node any more. */
export function losePings(world: World, fault: Fault): () => void {
  const count = Math.floor(fault.amount);
  const hit = world.machines.filter(({ index }) => fault.node === EVERY || fault.node === index);
  for (const machine of world.machines) {
    machine.pingsLost ??= [];
    if (hit.includes(machine)) machine.pingsLost.push(count);
    world.tellReach(machine);
  }
  return () => {
    for (const machine of hit) answerAgain(world, machine, count);
  };
}

function answerAgain(world: World, machine: Machine, count: number): void {
  machine.pingsLost?.splice(machine.pingsLost.indexOf(count), 1);
  world.tellReach(machine);
}
