import type { PlanWishes } from './plan.ts';

/**
 * What a run goes through in turn when nothing else is asked for: two and three nodes, both kinds, three
 * timing profiles. Seven, because one seed in fifty is sparse and all of these must have their share of them.
 */
export const WORLDS: readonly PlanWishes[] = [
  { profile: 'default', kind: 'address', nodes: 2 },
  { profile: 'default', kind: 'address', nodes: 3 },
  { profile: 'default', kind: 'exclusive', nodes: 2 },
  { profile: 'fast', kind: 'address', nodes: 2 },
  { profile: 'turbo', kind: 'address', nodes: 2 },
  { profile: 'default', kind: 'exclusive', nodes: 3 },
  { profile: 'fast', kind: 'address', nodes: 3 },
];
