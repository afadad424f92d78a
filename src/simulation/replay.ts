import type { Fault } from './fault.ts';
import type { World } from './world.ts';

/**
 * Somebody who cannot sign sends what he heard once more, every `amount` milliseconds, to where it went, in the
 * session of then, after a restart of its sender or of its receiver.
 */
export function replay(world: World, fault: Fault): () => void {
  let over = false;
  const again = (): void => {
    if (over) return;
    const datagram = world.mail.tape.pick(world.mail.random);
    if (datagram !== undefined) world.queue.push(world.nowMs, datagram);
    world.after(fault.amount, again);
  };
  again();
  return () => {
    over = true;
  };
}
