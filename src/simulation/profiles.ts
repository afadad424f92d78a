import type { GroupKind, GroupTimings } from '../core/types.ts';

/** The timings of PROTOCOL's "Timing", for the simulated cluster. */
export interface Profile {
  readonly name: string;
  readonly keepaliveMs: number;
  readonly initdeadMs: number;
  readonly timings: GroupTimings;
  /** Stretches a schedule: slower heartbeats need longer faults and more patience for the same story. */
  readonly stretch: number;
}

export const PROFILE_NAMES = ['default', 'fast', 'turbo', 'classic'] as const;
export type ProfileName = (typeof PROFILE_NAMES)[number];

const ADDRESS: Readonly<Record<ProfileName, Profile>> = {
  default: profile('default', 100, 300, 1_000, 3_000, 400, 10_000, 1),
  fast: profile('fast', 50, 150, 500, 1_500, 250, 10_000, 1),
  turbo: profile('turbo', 30, 90, 400, 1_000, 250, 10_000, 1),
  classic: profile('classic', 2_000, 10_000, 30_000, 90_000, 2_000, 120_000, 20),
};

const EXCLUSIVE: Profile = {
  name: 'exclusive',
  keepaliveMs: 300,
  initdeadMs: 10_000,
  timings: {
    warntimeMs: 1_000,
    deadtimeMs: 7_000,
    leaseMs: 7_000,
    witnessTimeoutMs: 400,
    stopTimeoutMs: 5_000,
  },
  stretch: 4,
};

export function profileOf(name: ProfileName, kind: GroupKind): Profile {
  return kind === 'exclusive' && name !== 'classic' ? EXCLUSIVE : ADDRESS[name];
}

function profile(
  name: string,
  keepaliveMs: number,
  warntimeMs: number,
  deadtimeMs: number,
  leaseMs: number,
  witnessTimeoutMs: number,
  initdeadMs: number,
  stretch: number,
): Profile {
  const timings = { warntimeMs, deadtimeMs, leaseMs, witnessTimeoutMs, stopTimeoutMs: 5_000 };
  return { name, keepaliveMs, initdeadMs, timings, stretch };
}
