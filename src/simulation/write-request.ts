import type { Fault } from './fault.ts';
import type { WrittenRequest } from './request-model.ts';
import type { World } from './world.ts';

const LIFE_MOST_MS = 60_000;

/** Somewhere else an operator writes into the witness, and withdraws it at the end, if it is not over by then. */
export function writeRequest(world: World, fault: Fault): () => void {
  const { request } = world.desk;
  const nonsense = fault.class === 'request-nonsense';
  const lifeMs = Math.min(fault.durationMs, LIFE_MOST_MS) * (fault.style <= 0.5 ? 1 : 3);
  const written: WrittenRequest = {
    id: world.random.hex16(),
    group: nonsense ? 'nobody-knows' : world.random.pick(world.terrain.groups).name,
    kind: fault.class === 'request-switchover' ? 'switchover' : 'force',
    target: world.terrain.names[fault.other] ?? world.terrain.names[fault.node] ?? 'nobody',
    by: 'simulated operator, afar',
    expiresMs: world.nowMs + lifeMs,
  };
  for (const observer of world.observers) observer.requested?.(written);
  request.write(nonsense && fault.style < 0.5 ? 'nonsense' : written, world.nowMs);
  return () => request.write(null, world.nowMs);
}
