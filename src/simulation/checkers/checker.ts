import type { Observer } from '../observer.ts';
import type { Violation } from '../violation.ts';
import type { World } from '../world.ts';

/** Watches a world and reports broken promises; knows nothing of how the core works. */
export interface Checker extends Observer {
  /** Called before the world starts. */
  attach(world: World): void;
}

/** Takes in violations; the first ends the schedule. */
export type Report = (violation: Violation) => void;
