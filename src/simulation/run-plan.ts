import { AuthorisedChanges } from './checkers/authorised-changes.ts';
import { Availability } from './checkers/availability.ts';
import type { Checker } from './checkers/checker.ts';
import { CleanYield } from './checkers/clean-yield.ts';
import { whatIsNotWell } from './checkers/convergence.ts';
import { FewMoves } from './checkers/few-moves.ts';
import { GoneInTime } from './checkers/gone-in-time.ts';
import { HandsOff } from './checkers/hands-off.ts';
import { LeaderStays } from './checkers/leader-stays.ts';
import { NeedfulCalls } from './checkers/needful-calls.ts';
import { NoStopUnderAddress } from './checkers/no-stop-under-address.ts';
import { RequestOnce } from './checkers/request-once.ts';
import { RestartStays } from './checkers/restart-stays.ts';
import { SessionOrder } from './checkers/session-order.ts';
import { SingleAuthority } from './checkers/single-authority.ts';
import { SingleCopy } from './checkers/single-copy.ts';
import { SingleOwner } from './checkers/single-owner.ts';
import { TakeoverTime } from './checkers/takeover-time.ts';
import type { CoreUnderTest } from './core-under-test.ts';
import type { Observer } from './observer.ts';
import type { Plan } from './plan.ts';
import type { Violation } from './violation.ts';
import { World } from './world.ts';

/** What became of one schedule. */
export interface Outcome {
  /** The first broken promise; null when all were kept. */
  readonly violation: Violation | null;
  readonly steps: number;
  readonly virtualMs: number;
  readonly servedMs: number;
  readonly totalMs: number;
  /** From healing to all well. */
  readonly recoveryMs: number;
}

/** An observer that wants to know its world before it starts. */
export type Watcher = Observer & { attach?(world: World): void };

/** How often the world is looked at after healing, and between faults for violations. */
const LOOK_MS = 1_000;
/** All must be well at so many looks on end. */
const STEADY_LOOKS = 3;

/** Runs one schedule to its end or to the first violation. */
export function runPlan(plan: Plan, core: CoreUnderTest, watchers: readonly Watcher[] = []): Outcome {
  let violation: Violation | null = null;
  const report = (found: Violation): void => {
    violation ??= found;
  };
  const availability = new Availability();
  const exclusive = plan.terrain.groups.some(({ kind }) => kind === 'exclusive');
  const checkers: Checker[] = [
    new SingleOwner(report),
    new SingleAuthority(report),
    new AuthorisedChanges(report),
    exclusive ? new SingleCopy(report) : new NoStopUnderAddress(report),
    new LeaderStays(report, plan.faults, exclusive),
    new TakeoverTime(report, plan.faults),
    new CleanYield(report),
    new FewMoves(report),
    new NeedfulCalls(report),
    new SessionOrder(report),
    new RequestOnce(report),
    new GoneInTime(report, plan.faults),
    new RestartStays(report, plan.faults),
    new HandsOff(report),
    availability,
  ];
  // The timeline comes first, so that it shows what a checker complains about.
  const observers = [...watchers, ...checkers];
  const world = new World({ core, terrain: plan.terrain, seed: plan.seed, observers });
  for (const watcher of watchers) watcher.attach?.(world);
  for (const checker of checkers) checker.attach(world);
  world.start(plan.faults);
  const ended = (): Violation | null => violation ?? brokenWorld(world);
  while (world.nowMs < plan.healMs && ended() === null) world.runUntil(world.nowMs + LOOK_MS);
  availability.settle();
  const { servedMs, totalMs } = availability;
  let recoveryMs = 0;
  if (ended() === null) {
    world.heal();
    recoveryMs = recover(world, plan, ended, report);
  }
  return { violation: ended(), steps: world.steps, virtualMs: world.nowMs, servedMs, totalMs, recoveryMs };
}

/** L3: within the plan's patience all must be well, and stay so. */
function recover(
  world: World,
  plan: Plan,
  ended: () => Violation | null,
  report: (found: Violation) => void,
): number {
  let wellLooks = 0;
  let wellMs = 0;
  for (;;) {
    world.runUntil(world.nowMs + LOOK_MS);
    if (ended() !== null) return 0;
    const missing = whatIsNotWell(world);
    wellLooks = missing === '' ? wellLooks + 1 : 0;
    if (wellLooks === 1) wellMs = world.nowMs - plan.healMs;
    const passedMs = world.nowMs - plan.healMs;
    if (wellLooks >= STEADY_LOOKS && passedMs >= plan.afterHealMs) return wellMs;
    if (passedMs >= plan.patienceMs) {
      report({ rule: 'L3', atMs: world.nowMs, what: `not well ${passedMs} ms after healing: ${missing}` });
      return 0;
    }
  }
}

function brokenWorld(world: World): Violation | null {
  return world.broken === null ? null : { rule: 'core', atMs: world.nowMs, what: world.broken };
}
