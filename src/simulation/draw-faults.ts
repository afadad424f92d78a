import type { GroupKind } from '../core/types.ts';
import { EVERY, FAULT_CLASSES, type Fault, type FaultClass } from './fault.ts';
import { Prng } from './prng.ts';

export interface FaultWishes {
  readonly nodes: number;
  readonly kind: GroupKind;
  /** Faults begin and end before this. */
  readonly untilMs: number;
  /** Multiplies how long faults last. */
  readonly stretch: number;
  /** Only these, when given. */
  readonly only?: ReadonlySet<FaultClass>;
}

/** Faults at once, and how they are drawn: how long, and the amount with its meaning in `Fault`. */
interface Manner {
  readonly lastsMs?: readonly [number, number];
  readonly amount?: readonly [number, number];
  /** Drawn at most so often in a schedule. */
  readonly most?: number;
}

const NOISE: Manner = { lastsMs: [300, 25_000], amount: [0.02, 0.8], most: 3 };
const DOWN: Manner = { lastsMs: [200, 20_000] };

const MANNERS: Readonly<Record<FaultClass, Manner>> = {
  loss: { lastsMs: [300, 20_000], amount: [0.05, 0.9] },
  delay: { lastsMs: [300, 20_000], amount: [20, 2_000] },
  duplicates: { lastsMs: [1_000, 20_000], amount: [0.05, 0.5], most: 2 },
  replays: { lastsMs: [1_000, 20_000], amount: [5, 500], most: 3 },
  'cut-one-way': { lastsMs: [100, 20_000] },
  'cut-both-ways': { lastsMs: [100, 20_000] },
  'path-lost': { lastsMs: [300, 20_000] },
  flap: { lastsMs: [1_000, 15_000], amount: [100, 2_000] },
  'isolate-from-peers': { lastsMs: [200, 20_000] },
  'isolate-from-all': { lastsMs: [200, 20_000] },
  'witness-down': DOWN,
  'witness-late': NOISE,
  'witness-lost-before': NOISE,
  'witness-lost-after': NOISE,
  'witness-throttled': NOISE,
  'witness-denied': NOISE,
  'witness-stale': NOISE,
  'ec2-down': DOWN,
  'ec2-late': NOISE,
  'ec2-lost-before': NOISE,
  'ec2-lost-after': NOISE,
  'ec2-throttled': NOISE,
  'ec2-denied': NOISE,
  'ec2-stale': NOISE,
  'hand-move': { most: 2 },
  'hand-move-foreign': { lastsMs: [2_000, 20_000], most: 1 },
  crash: { lastsMs: [30, 12_000] },
  freeze: { lastsMs: [50, 10_000] },
  stall: { lastsMs: [20, 700] },
  'power-off': { lastsMs: [2_000, 20_000], amount: [500, 8_000], most: 3 },
  replace: { lastsMs: [2_000, 20_000], amount: [500, 8_000], most: 2 },
  reboot: { lastsMs: [2_000, 10_000], most: 3 },
  suspend: { lastsMs: [100, 15_000] },
  'clocks-stop': { lastsMs: [100, 5_000], most: 2 },
  'service-dies': {},
  'service-sick': {},
  'start-fails': { lastsMs: [1_000, 20_000], amount: [0.2, 1], most: 2 },
  'start-slow': { lastsMs: [1_000, 20_000], amount: [200, 6_000], most: 2 },
  'stop-hangs': { lastsMs: [1_000, 20_000], amount: [0.2, 1], most: 2 },
  'monitor-hangs': { lastsMs: [1_000, 20_000], amount: [0.2, 1], most: 2 },
  ineligible: { lastsMs: [200, 15_000] },
  'pings-lost': { lastsMs: [1_000, 40_000], amount: [1, 4], most: 4 },
  departure: { lastsMs: [500, 30_000], amount: [1, 4], most: 4 },
  switchover: {},
  force: { most: 3 },
  drain: { lastsMs: [1_000, 20_000], most: 3 },
  maintenance: { lastsMs: [1_000, 20_000], most: 2 },
  cleanup: { most: 3 },
  'stop-leave': { lastsMs: [500, 20_000], most: 2 },
  'stop-hold': { lastsMs: [500, 10_000], most: 2 },
  'key-rotation': { lastsMs: [1_000, 15_000], most: 1 },
  forget: { most: 4 },
  'file-lacks': { lastsMs: [500, 25_000], most: 3 },
  'request-switchover': { lastsMs: [1_000, 20_000], most: 3 },
  'request-force': { lastsMs: [1_000, 20_000], most: 3 },
  'request-nonsense': { lastsMs: [1_000, 20_000], most: 1 },
  twin: { lastsMs: [500, 20_000], most: 2 },
};

/** Noise on all calls at once, and what seldom happens, would hide what the others find if they were common. */
export const RARE: ReadonlySet<FaultClass> = new Set([
  'witness-denied',
  'ec2-denied',
  'hand-move-foreign',
  'clocks-stop',
  'replace',
  'twin',
]);

const MOST_OF_A_CLASS = 6;
/** In half the schedules the cluster may settle before the first fault. */
const SETTLED_MS = 4_000;

/** What has to come together for a branch of a rule that hardly any other schedule reaches. */
const CORNERS: readonly (readonly FaultClass[])[] = [
  // A claimant that restarts, and a leader that has not heard of its term (rule 6).
  ['crash', 'cut-both-ways', 'witness-down', 'witness-late'],
  // A node that acts on EC2's word alone (rule 16).
  ['witness-down', 'power-off', 'isolate-from-peers', 'reboot'],
  // A force in a cluster whose set of nodes changes (rule 19).
  ['forget', 'file-lacks', 'force', 'cut-both-ways', 'drain'],
];
const CORNER_SHARE = 0.06;

/** How the faults of one schedule belong together. */
interface Mood {
  /** The probability of each class to take part. */
  readonly density: number;
  /** Instead of the density: just these. */
  readonly theme: readonly FaultClass[] | null;
  /** The most faults of one class. */
  readonly crowd: number;
  readonly fromMs: number;
  /** When not empty, faults begin shortly after one of these moments. */
  readonly hotMs: readonly number[];
}

/** Faults of a hot moment begin within this time of it. */
const HOT_FOR_MS = 4_000;

/**
 * The faults of one schedule. First the seed draws a mood, then which classes take part at all, then each of
 * them: a schedule in which everything goes wrong at once finds other holes than one in which two classes have
 * the world for themselves, and many holes open only when one fault follows hard upon another.
 */
export function drawFaults(seed: number, wishes: FaultWishes): Fault[] {
  const mood = drawMood(seed, wishes);
  const faults: Fault[] = [];
  for (const name of FAULT_CLASSES) {
    // A stream for each class: leaving one out changes nothing of the others.
    const random = new Prng(seed, `faults/${name}`);
    const share = RARE.has(name) ? mood.density / 3 : mood.density;
    const takesPart = mood.theme === null ? random.chance(share) : mood.theme.includes(name);
    if (!takesPart || (wishes.only !== undefined && !wishes.only.has(name))) continue;
    const most = Math.min(MANNERS[name].most ?? MOST_OF_A_CLASS, mood.crowd);
    const count = 1 + random.below(most);
    for (let i = 0; i < count; i++) faults.push(drawFault(random, name, mood, wishes));
  }
  return faults.sort((left, right) => left.atMs - right.atMs);
}

function drawMood(seed: number, wishes: FaultWishes): Mood {
  const random = new Prng(seed, 'mood');
  const { stretch, untilMs } = wishes;
  const fromMs = random.chance(0.5) ? 0 : SETTLED_MS * stretch;
  const common = FAULT_CLASSES.filter((name) => !RARE.has(name) && (wishes.only?.has(name) ?? true));
  const theme = random.chance(0.4)
    ? Array.from({ length: 2 + random.below(4) }, () => random.pick(common))
    : null;
  const corner = new Prng(seed, 'corner');
  const hot = random.chance(0.4) ? 1 + random.below(3) : 0;
  return {
    density: random.pick([0, 0.04, 0.08, 0.15, 0.3, 0.6]),
    theme: wishes.only === undefined && corner.chance(CORNER_SHARE) ? corner.pick(CORNERS) : theme,
    crowd: random.pick([1, 2, MOST_OF_A_CLASS]),
    fromMs,
    hotMs: Array.from({ length: hot }, () => random.between(fromMs, untilMs * 0.8)),
  };
}

function drawFault(random: Prng, name: FaultClass, mood: Mood, wishes: FaultWishes): Fault {
  const { stretch, untilMs } = wishes;
  const atMs =
    mood.hotMs.length > 0
      ? Math.min(random.pick(mood.hotMs) + random.between(0, HOT_FOR_MS * stretch), untilMs)
      : random.between(mood.fromMs, untilMs);
  return drawFaultOf(random, name, atMs, wishes);
}

/** Everything of a fault but its beginning. */
export function drawFaultOf(random: Prng, name: FaultClass, atMs: number, wishes: FaultWishes): Fault {
  const manner = MANNERS[name];
  const { stretch, untilMs } = wishes;
  const wantedMs = manner.lastsMs === undefined ? 0 : random.logBetween(...manner.lastsMs) * stretch;
  const node = random.below(wishes.nodes);
  const other = (node + 1 + random.below(wishes.nodes - 1)) % wishes.nodes;
  return {
    class: name,
    atMs,
    durationMs: Math.min(wantedMs, untilMs - atMs),
    node: FOR_ALL.has(name) || (SOMETIMES_FOR_ALL.has(name) && random.chance(0.5)) ? EVERY : node,
    other: WITH_OTHER.has(name) ? other : EVERY,
    amount: manner.amount === undefined ? 0 : random.logBetween(...manner.amount),
    style: random.next(),
  };
}

const SOMETIMES_FOR_ALL: ReadonlySet<FaultClass> = new Set([
  'loss',
  'delay',
  'witness-down',
  'ec2-down',
  'pings-lost',
]);
const FOR_ALL: ReadonlySet<FaultClass> = new Set([
  'duplicates',
  'key-rotation',
  'hand-move',
  'hand-move-foreign',
  ...FAULT_CLASSES.filter((name) => /^(witness|ec2)-(?!down)/.test(name)),
]);
const WITH_OTHER: ReadonlySet<FaultClass> = new Set([
  'cut-one-way',
  'cut-both-ways',
  'path-lost',
  'flap',
  'switchover',
  'force',
  'hand-move',
  'file-lacks',
  'request-switchover',
  'request-force',
]);
