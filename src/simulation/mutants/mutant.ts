import type { FaultClass } from '../fault.ts';
import type { PlanWishes } from '../plan.ts';

/** A rule of the protocol taken out or bent by replacing text in a copy of the source. */
export interface Mutant {
  /** What is taken out: of PROTOCOL's "Rules whose removal must be caught", or one of our own. */
  readonly rule: string;
  /** Where PROTOCOL says it. */
  readonly of: string;
  readonly patches: readonly Patch[];
  /** Where it is hunted, in this order. */
  readonly worlds: readonly HuntingGround[];
  /** Why nothing can notice it, for a mutant that is no fault. */
  readonly equivalent?: string;
}

export interface Patch {
  /** Below src. */
  readonly file: string;
  /** Occurs in the file exactly once. */
  readonly from: string;
  readonly to: string;
}

const PAIR: PlanWishes = { profile: 'default', kind: 'address', nodes: 2 };
/** Sets of nodes that change while promises, leases and creates are on their way. */
const MEMBERSHIP: readonly FaultClass[] = [
  'forget',
  'file-lacks',
  'crash',
  'power-off',
  'drain',
  'cut-both-ways',
  'isolate-from-peers',
  'witness-down',
  'witness-late',
  'witness-lost-after',
  'witness-stale',
];
const only = (...classes: FaultClass[]): Pick<PlanWishes, 'only'> => ({ only: new Set(classes) });

export const HUNTING_GROUNDS = {
  pair: PAIR,
  three: { ...PAIR, nodes: 3 },
  exclusive: { ...PAIR, kind: 'exclusive' },
  partitions: {
    ...PAIR,
    ...only('cut-both-ways', 'cut-one-way', 'flap', 'witness-down', 'isolate-from-peers'),
  },
  moves: {
    ...PAIR,
    ...only('ec2-stale', 'ec2-late', 'ec2-lost-after', 'switchover', 'force', 'drain', 'stall'),
  },
  requests: {
    ...PAIR,
    ...only('request-switchover', 'request-force', 'witness-stale', 'witness-late', 'crash'),
  },
  replays: { ...PAIR, ...only('replays', 'crash', 'freeze', 'loss', 'delay') },
  'replays only': { ...PAIR, ...only('replays', 'delay', 'loss') },
  races: {
    ...PAIR,
    ...only('flap', 'loss', 'cut-both-ways', 'witness-late', 'witness-lost-after', 'witness-down'),
  },
  'without EC2': { ...PAIR, ...only('ec2-down', 'crash', 'freeze', 'cut-both-ways') },
  'stale readings': { ...PAIR, ...only('ec2-stale', 'switchover', 'force') },
  'exclusive monitors': {
    ...PAIR,
    kind: 'exclusive',
    ...only('monitor-hangs', 'cut-both-ways', 'witness-lost-before', 'witness-throttled'),
  },
  maintenance: { ...PAIR, ...only('maintenance', 'crash', 'hand-move', 'service-dies') },
  departures: { ...PAIR, ...only('departure') },
  handovers: {
    ...PAIR,
    ...only('switchover', 'drain', 'crash', 'cut-both-ways', 'witness-down', 'stall'),
  },
  crashes: { ...PAIR, ...only('crash', 'power-off') },
  restarts: { ...PAIR, ...only('stop-hold', 'crash') },
  'exclusive restarts': { ...PAIR, kind: 'exclusive', ...only('crash') },
  'restarted claims': {
    ...PAIR,
    ...only('crash', 'cut-both-ways', 'flap', 'witness-late', 'witness-lost-after'),
  },
  'exclusive partitions': { ...PAIR, kind: 'exclusive', ...only('cut-both-ways', 'isolate-from-peers') },
  'without the witness': {
    ...PAIR,
    ...only('witness-down', 'crash', 'reboot', 'power-off', 'cut-both-ways'),
  },
  membership: { ...PAIR, nodes: 3, ...only(...MEMBERSHIP) },
  'membership of two': { ...PAIR, ...only(...MEMBERSHIP) },
  'exclusive membership': { ...PAIR, kind: 'exclusive', nodes: 3, ...only(...MEMBERSHIP) },
  /** The long schedules among the seeds, one in fifty, of which only a few hundred are run. */
  sparse: PAIR,
  'long suspensions': { ...PAIR, ...only('suspend', 'crash', 'cut-both-ways', 'force') },
} as const satisfies Record<string, PlanWishes>;

export type World = keyof typeof HUNTING_GROUNDS;

/** Worlds of seeds, or the expectations of the scenarios. */
export type HuntingGround = World | 'scenarios';

export const isSparse = (ground: HuntingGround): boolean =>
  ground === 'sparse' || ground === 'long suspensions';
