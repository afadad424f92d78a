import type { Fault } from './fault.ts';
import type { Machine } from './machine.ts';
import type { World } from './world.ts';

const STEPS = 3;

/**
 * An operator gives the cluster a new key without a pause: every node accepts it, then every node signs with
 * it, then the old one goes; node after node, in an order and at moments of their own.
 */
export function rotateKeys(world: World, fault: Fault): () => void {
  const before = world.machines[0]?.keys.signing ?? 1;
  const fresh = before + 1;
  const set = (machine: Machine, step: number): void => {
    if (step === 0) machine.keys = { signing: before, accepted: [before, fresh] };
    else if (step === 1) machine.keys = { signing: fresh, accepted: [before, fresh] };
    else machine.keys = { signing: fresh, accepted: [fresh] };
  };
  let over = false;
  for (let step = 0; step < STEPS; step++) {
    for (const machine of world.machines) {
      // What is on its way when the last node signs anew may take a moment.
      const share = world.mail.random.between(0, 0.9);
      world.after((fault.durationMs * (step + share)) / STEPS, () => {
        if (!over) set(machine, step);
      });
    }
  }
  return () => {
    over = true;
    for (const machine of world.machines) set(machine, STEPS - 1);
  };
}
