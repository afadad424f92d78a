import { drawFaultOf, type FaultWishes, RARE } from './draw-faults.ts';
import { FAULT_CLASSES, type Fault, type FaultClass } from './fault.ts';
import { Prng } from './prng.ts';

/** What an address or a service may do over and over for hours, for the hold-downs. */
const SERIAL: readonly FaultClass[] = [
  'service-dies',
  'service-sick',
  'ineligible',
  'pings-lost',
  'start-fails',
  'crash',
  'flap',
  'switchover',
  'cut-both-ways',
];
const LONGEST_SHARE = 0.4;

/**
 * The faults of a schedule of hours: few, some of them long (a node away for half a day, a partition in which
 * leases reach their cap and terms are deleted), some of them again and again (hold-downs), and some shortly
 * after another one (a claimant that comes back to a witness that has forgotten its term).
 */
export function drawSparseFaults(seed: number, wishes: FaultWishes): Fault[] {
  const random = new Prng(seed, 'sparse');
  const { untilMs, only } = wishes;
  const allowed = (name: FaultClass): boolean => !RARE.has(name) && (only?.has(name) ?? true);
  const common = FAULT_CLASSES.filter(allowed);
  if (common.length === 0) return [];
  const faults: Fault[] = [];
  const add = (name: FaultClass, atMs: number, longestMs: number): void => {
    const lastsMs = Math.min(random.logBetween(5_000, longestMs), untilMs - atMs);
    const drawn = drawFaultOf(random, name, atMs, wishes);
    // For hours, or days, a few replays a second are enough.
    const fault = name === 'replays' ? { ...drawn, amount: drawn.amount * 50 } : drawn;
    faults.push(fault.durationMs > 0 ? { ...fault, durationMs: lastsMs } : fault);
  };
  const few = 2 + random.below(10);
  for (let i = 0; i < few; i++) {
    const before = faults.length > 0 && random.chance(0.5) ? random.pick(faults) : null;
    const nearMs = before === null ? 0 : before.atMs + random.pick([0, before.durationMs]);
    const atMs =
      before === null ? random.between(0, untilMs * 0.9) : nearMs + random.between(-10_000, 60_000);
    add(random.pick(common), Math.min(Math.max(atMs, 0), untilMs - 1), untilMs * LONGEST_SHARE);
  }
  const serial = SERIAL.filter(allowed);
  if (serial.length > 0 && random.chance(0.5)) {
    const name = random.pick(serial);
    const everyMs = random.logBetween(10_000, 600_000);
    let atMs = random.between(0, untilMs / 2);
    for (let i = 5 + random.below(30); i > 0 && atMs < untilMs; i--) {
      add(name, atMs, everyMs + 10_000);
      atMs += random.between(0.5, 1.5) * everyMs;
    }
  }
  return faults.sort((left, right) => left.atMs - right.atMs);
}
