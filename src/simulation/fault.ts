/**
 * What can go wrong in a simulated world. A fault is plain data, so that a plan of them can be printed,
 * shrunk and replayed; `inflict.ts` knows what each one does.
 */
export const FAULT_CLASSES = [
  // Network between the nodes
  'loss',
  'delay',
  'duplicates',
  'replays',
  'cut-one-way',
  'cut-both-ways',
  'path-lost',
  'flap',
  'isolate-from-peers',
  'isolate-from-all',
  // Witness
  'witness-down',
  'witness-late',
  'witness-lost-before',
  'witness-lost-after',
  'witness-throttled',
  'witness-denied',
  'witness-stale',
  // EC2
  'ec2-down',
  'ec2-late',
  'ec2-lost-before',
  'ec2-lost-after',
  'ec2-throttled',
  'ec2-denied',
  'ec2-stale',
  'hand-move',
  'hand-move-foreign',
  // Processes and machines
  'crash',
  'freeze',
  'stall',
  'power-off',
  'replace',
  'reboot',
  'suspend',
  'clocks-stop',
  // Resources
  'service-dies',
  'service-sick',
  'start-fails',
  'start-slow',
  'stop-hangs',
  'monitor-hangs',
  'ineligible',
  'departure',
  'pings-lost',
  // Operators
  'switchover',
  'force',
  'drain',
  'maintenance',
  'cleanup',
  'stop-leave',
  'stop-hold',
  'key-rotation',
  'forget',
  'file-lacks',
  'request-switchover',
  'request-force',
  'request-nonsense',
  'twin',
] as const;

export type FaultClass = (typeof FAULT_CLASSES)[number];

/** `node` or `other` that is EVERY means all of them. */
export const EVERY = -1;

export interface Fault {
  readonly class: FaultClass;
  readonly atMs: number;
  /** How long it lasts; 0 for what happens at once. */
  readonly durationMs: number;
  /** Index of the node that it hits, or EVERY. */
  readonly node: number;
  /** Index of the other end of a link, of the target of a move; else EVERY. */
  readonly other: number;
  /** A probability, an extra delay in milliseconds or a number of times, by class. */
  readonly amount: number;
  /** A choice between variants of a class, in [0, 1): for instance how a service that is down fails. */
  readonly style: number;
}

/** The power of the machine goes: EC2 calls it stopped a while later. */
export const goesOff = (fault: Fault): boolean => fault.class === 'power-off' || fault.class === 'replace';

/** A fault without an end of its own, as scenarios have them. */
export const FOREVER_MS = 1e9;

/** The faults that only hurt the path of heartbeats (L2 holds under them). */
export const HEARTBEAT_PATH: ReadonlySet<FaultClass> = new Set<FaultClass>([
  'loss',
  'delay',
  'duplicates',
  'replays',
  'cut-one-way',
  'cut-both-ways',
  'path-lost',
  'flap',
  'isolate-from-peers',
  'key-rotation',
  'twin',
]);

export function describeFault(fault: Fault, names: readonly string[]): string {
  const name = (index: number): string => (index === EVERY ? 'all' : (names[index] ?? `#${index}`));
  const parts: string[] = [fault.class, name(fault.node)];
  if (fault.other !== EVERY) parts.push('->', name(fault.other));
  if (fault.amount !== 0) parts.push(`amount ${Number(fault.amount.toPrecision(3))}`);
  if (fault.durationMs > 0 && fault.durationMs < FOREVER_MS)
    parts.push(`for ${Math.round(fault.durationMs)} ms`);
  return parts.join(' ');
}
